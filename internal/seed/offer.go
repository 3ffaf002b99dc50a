package seed

import (
	"time"

	"clinicgraph/ent/product"
	"clinicgraph/ent/reward"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/money"
	"clinicgraph/internal/scheduling"
)

// service is something that the demo clinic can be booked for. Prices are in
// hundredths of the currency's unit, tax (basis points) included; treatments are
// free of it.
type service struct {
	sku, name, description string
	kind                   product.Kind
	price                  int64
	tax                    int32
	minutes, before, after int32
	interval               int32
	holdHours              int32
	confirm                bool // waits for payment however it is booked
}

var services = []service{
	{"REH-CONS", "Rehabilitation consultation", "First talk and examination.", product.KindService, 85_00, 0, 30, 0, 10, 20, 48, false},
	{"REH-PLAN", "Review of the therapy plan", "What has been reached and what comes next.", product.KindService, 60_00, 0, 30, 0, 10, 20, 48, false},
	{"REH-NEURO", "Neurological assessment", "Tests of movement, balance and memory.", product.KindTreatment, 140_00, 0, 60, 5, 10, 15, 72, false},
	{"REH-GAIT", "Gait training", "Learning to walk safely again.", product.KindTreatment, 70_00, 0, 45, 0, 10, 15, 48, false},
	{"PHY-SPORT", "Sports physiotherapy", "After an injury and before the next season.", product.KindTreatment, 80_00, 0, 60, 0, 10, 15, 48, false},
	{"PHY-MAN", "Manual therapy", "Joints and the spine, by hand.", product.KindTreatment, 65_00, 0, 45, 0, 5, 15, 48, false},
	{"PHY-LYMPH", "Lymphatic drainage", "A gentle massage against swelling.", product.KindTreatment, 55_00, 0, 45, 0, 10, 15, 48, false},
	{"PHY-OCC", "Occupational therapy", "Skills for the day, at home and at work.", product.KindTreatment, 62_00, 0, 45, 5, 5, 15, 48, false},
	{"PHY-TAPE", "Taping", "Elastic tape for muscles and joints.", product.KindService, 25_00, 19_00, 15, 0, 5, 10, 24, false},
	{"DEN-CHECK", "Dental check-up", "Teeth and gums, once in half a year.", product.KindService, 45_00, 0, 30, 0, 10, 20, 48, false},
	{"DEN-CLEAN", "Professional cleaning", "Above and below the gum line.", product.KindTreatment, 95_00, 0, 60, 0, 10, 15, 48, false},
	{"DEN-FILL", "Filling", "One tooth, with anaesthesia.", product.KindTreatment, 120_00, 0, 45, 5, 10, 15, 48, false},
	{"DEN-ORTHO", "Orthodontic consultation", "Impressions, pictures and a plan. Paid in advance.", product.KindService, 70_00, 0, 45, 0, 10, 15, 168, true},
	{"DEN-WHITE", "Whitening", "In the practice, under supervision.", product.KindService, 180_00, 19_00, 60, 0, 15, 30, 72, false},
}

var goods = []service{
	{sku: "SHOP-BAND", name: "Resistance band", description: "Two metres, medium.", kind: product.KindGood, price: 12_90, tax: 19_00},
	{sku: "SHOP-BALL", name: "Massage ball", description: "Eight centimetres.", kind: product.KindGood, price: 9_50, tax: 19_00},
	{sku: "SHOP-TAPE", name: "Elastic tape", description: "A roll of five metres.", kind: product.KindGood, price: 8_90, tax: 19_00},
	{sku: "SHOP-BRUSH", name: "Toothbrush set", description: "Three brushes, soft.", kind: product.KindGood, price: 7_20, tax: 19_00},
}

var prizes = []struct {
	name, description string
	kind              reward.Kind
	cost, value       int64 // value in hundredths of the currency's unit
}{
	{"Herbal tea", "A cup in the waiting room.", reward.KindGift, 40, 2_50},
	{"5 off the next visit", "Shown at the desk before paying.", reward.KindDiscount, 100, 5_00},
	{"Massage ball", "One to take home.", reward.KindGift, 180, 9_50},
	{"Taping for free", "One session of taping.", reward.KindOffer, 300, 25_00},
}

// notice and horizon bound how early and how late a visit can be booked.
const (
	noticeMinutes = 120
	horizonDays   = 90
)

// amount gives hundredths of the currency's unit in its minor units: whole yen
// for JPY.
func amount(hundredths int64, currency string) money.Amount {
	digits, _ := money.Digits(currency)
	minor := hundredths
	for range digits {
		minor *= 10
	}
	return money.Amount{Minor: minor / 100, Currency: currency}
}

func (s service) product(currency string) catalog.NewProduct {
	n := catalog.NewProduct{
		SKU: s.sku, Name: s.name, Description: s.description, Kind: s.kind,
		Price: amount(s.price, currency), TaxRate: s.tax,
	}
	if s.kind != product.KindGood {
		n.Scheduling = &catalog.Scheduling{
			DurationMinutes: s.minutes, BufferBeforeMinutes: s.before, BufferAfterMinutes: s.after,
			IntervalMinutes: s.interval, NoticeMinutes: noticeMinutes, HorizonDays: horizonDays,
			HoldMinutes: s.holdHours * 60, RequiresConfirmation: s.confirm,
		}
	}
	return n
}

// rule is the service's rule without notice and horizon: the plan looks at the
// diary from no particular moment.
func (s service) rule(zone *time.Location) scheduling.SlotRule {
	minutes := func(n int32) time.Duration { return time.Duration(n) * time.Minute }
	return scheduling.SlotRule{
		Duration: minutes(s.minutes), BufferBefore: minutes(s.before), BufferAfter: minutes(s.after),
		Step: minutes(s.interval), Zone: zone,
	}
}

func (s service) hold() time.Duration { return time.Duration(s.holdHours) * time.Hour }

func serviceBySKU(sku string) service {
	for _, s := range services {
		if s.sku == sku {
			return s
		}
	}
	panic("seed: no service " + sku) // a slip in the tables above
}
