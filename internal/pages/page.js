// What both pages do: they take the token out of the address, ask the graph, and
// say what came of it. A page is in one state at a time, and shows what is marked
// with it.
let token = ''

// The token stays in this variable. In the address it would stay in the history
// of the browser, and on the screen.
function begin() {
  token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
  history.replaceState(null, '', location.pathname)
  enter(token ? 'start' : 'none')
}

function enter(state) {
  const heading = document.querySelector('h1')
  for (const part of document.querySelectorAll('[data-state]')) {
    part.hidden = !part.dataset.state.split(' ').includes(state)
    if (!part.hidden && part.dataset.title) document.title = heading.textContent = part.dataset.title
  }
  if (state !== 'start') heading.focus() // so that a screen reader says it
}

/** Runs the operation of a form and gives its first error. */
async function ask(form) {
  const input = { ...Object.fromEntries(new FormData(form)) }
  if (form.closest('[data-state=start]')) input.token = token
  try {
    const response = await fetch('graphql', {
      method: 'POST',
      credentials: 'omit',
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
      body: JSON.stringify({ documentId: form.dataset.id, query: form.dataset.document, variables: { input } }),
    })
    const { data, errors } = await response.json()
    if (data && !errors) return undefined
    return errors[0]
  } catch {
    return { message: 'The server did not answer. Please try again.' }
  }
}

/** Says what is wrong: beside the field that it is about, or above the button. */
function complain(form, { message, extensions }) {
  const field = extensions?.fields?.map(({ path }) => form.elements[path.split('.').pop()]).find(found => found)
  if (field) {
    field.setAttribute('aria-invalid', 'true')
    document.getElementById(`${field.id}Problem`).textContent = message
    field.focus()
  } else {
    form.querySelector('.problem:not([id])').textContent = message
  }
}

async function submit(event) {
  event.preventDefault()
  const form = event.target
  if (form.ariaBusy === 'true') return
  for (const problem of form.querySelectorAll('.problem')) problem.textContent = ''
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
  form.ariaBusy = 'true'
  const asked = token
  const error = await ask(form)
  form.ariaBusy = 'false'
  if (asked !== token) return // another link was opened meanwhile
  if (error?.extensions?.fields?.some(({ path }) => path === 'input.token')) enter('bad')
  else if (error) complain(form, error)
  else enter(form.dataset.then ?? 'done')
  if (form.closest('section').hidden) {
    form.reset()
    if (!form.dataset.then) token = ''
  }
}

addEventListener('submit', submit)
addEventListener('hashchange', () => { if (location.hash) begin() })
document.getElementById('show')?.addEventListener('change', ({ target }) => {
  document.getElementById('newPassword').type = target.checked ? 'text' : 'password'
})
begin()
