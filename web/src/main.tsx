import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import './console.css'
import { GraphiQL } from 'graphiql'
import { getOperationAST } from 'graphql'
import { StrictMode, useMemo, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { Account } from './account'
import { examples } from './examples'
import icon from './icon.svg'
import { Session } from './session'

const session = new Session()

function Console() {
  const who = useSyncExternalStore(session.subscribe, session.who)

  // A new function for a new person: GraphiQL then asks for the schema again.
  const fetcher = useMemo<Fetcher>(
    () => (request, options) =>
      options?.documentAST && getOperationAST(options.documentAST, request.operationName)?.operation === 'subscription'
        ? session.follow(request, options.headers)
        : session.execute(request, options?.headers),
    [who],
  )

  return (
    <>
      <header className="bar">
        <img src={icon} alt="" width="24" height="24" />
        <h1>ClinicGraph <span>playground</span></h1>
        <Account session={session} />
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          defaultTabs={examples}
          defaultEditorToolsVisibility="variables"
          // Drafts may name patients: they survive a reload, and end with the browser tab.
          storage={sessionStorage}
          shouldPersistHeaders={false}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo><></></GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  )
}

type Fetcher = React.ComponentProps<typeof GraphiQL>['fetcher']

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Console />
  </StrictMode>,
)
