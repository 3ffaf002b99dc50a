import { useId, useRef, useState, useSyncExternalStore, type FormEvent, type RefObject } from 'react'
import type { Session } from './session'

/** Says who is signed in, and lets people in and out. */
export function Account({ session }: { session: Session }) {
  const { username, limited, notice } = useSyncExternalStore(session.subscribe, session.who)
  const [problem, setProblem] = useState('')
  const box = useRef<HTMLDialogElement>(null)

  async function press() {
    setProblem('')
    if (!username) return box.current?.showModal()
    await session.signOut().catch((error: Error) => setProblem(`Signed out here only. ${error.message}`))
  }

  // One button for both ways, so that the focus stays where it was.
  return (
    <>
      <p className="who" role="status">
        {username
          ? <>Signed in as <strong>{username}</strong>{limited && ', whose password must be changed'}</>
          : problem || notice || 'Not signed in'}
      </p>
      <button type="button" className={username ? '' : 'strong'} onClick={press}>
        {username ? 'Sign out' : 'Sign in'}
      </button>
      <SignIn box={box} session={session} />
    </>
  )
}

/** The browser's own dialog keeps the focus inside, closes on Escape and gives the focus back. */
function SignIn({ box, session }: { box: RefObject<HTMLDialogElement | null>; session: Session }) {
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  // The password of an account that must choose another one now.
  const [outworn, setOutworn] = useState<string>()
  const form = useRef<HTMLFormElement>(null)
  const id = useId()

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const password = String(fields.get('password'))
    setProblem('')
    setBusy(true)
    try {
      if (outworn !== undefined) await session.changePassword(outworn, password)
      else if (await session.signIn(String(fields.get('login')).trim(), password)) return setOutworn(password)
      box.current?.close()
    } catch (error) {
      setProblem((error as Error).message)
      form.current?.querySelector<HTMLInputElement>('[type=password]')?.select()
    } finally {
      setBusy(false)
    }
  }

  function closed() {
    form.current?.reset()
    setProblem('')
    setOutworn(undefined)
  }

  const field = (name: string) => ({ id: id + name, name, required: true, 'aria-describedby': `${id}problem` })
  return (
    <dialog ref={box} className="sign-in" aria-labelledby={`${id}title`} onClose={closed}>
      <form ref={form} onSubmit={submit}>
        {outworn === undefined ? (
          <>
            <h2 id={`${id}title`}>Sign in</h2>
            <label htmlFor={`${id}login`}>User name or e-mail</label>
            <input {...field('login')} autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus />
            <label htmlFor={`${id}password`}>Password</label>
            <input {...field('password')} key="old" type="password" autoComplete="current-password" />
          </>
        ) : (
          <>
            <h2 id={`${id}title`}>Choose your password</h2>
            <p>You came in with a password for one time.</p>
            <label htmlFor={`${id}password`}>New password</label>
            <input {...field('password')} key="new" type="password" autoComplete="new-password" autoFocus />
          </>
        )}
        <p id={`${id}problem`} className="problem" role="alert">{problem}</p>
        <div className="buttons">
          <button type="button" onClick={() => box.current?.close()}>Cancel</button>
          <button type="submit" className="strong" disabled={busy}>{outworn === undefined ? 'Sign in' : 'Save'}</button>
        </div>
      </form>
    </dialog>
  )
}
