package migrate
import ("testing";"time";"os";"clinicgraph/ent/migrate"
_ "modernc.org/sqlite")
func TestZZ(t *testing.T){
 f,err:=create(t.Context(),".","init",os.Getenv("CLINICGRAPH_TEST_POSTGRES_URL"),migrate.Tables,time.Date(2026,11,22,0,0,1,0,time.UTC))
 t.Log(f,err)
 if err!=nil{t.Fatal(err)}
}
