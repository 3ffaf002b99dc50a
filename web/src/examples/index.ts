/** The operations that a new visitor finds as tabs, in the order of a visit. */
const documents = import.meta.glob<string>('./*.graphql', { query: '?raw', import: 'default', eager: true })

const now = new Date()
/** The midnight, here, that begins today (0), tomorrow (1) and so on. */
const day = (offset: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset).toISOString()
const key = (verb: string) => `playground-${verb}-${Date.now().toString(36)}`

export const examples = [
  example('viewer'),
  example('bookingsOfToday', { from: day(0), to: day(1) }),
  example('availableSlots', { serviceId: 'an id of Services', from: day(1), to: day(8) }),
  example('bookAppointment', {
    input: {
      serviceId: 'an id of Services',
      practitionerId: 'practitioner.id of a slot',
      startsAt: 'startsAt of a slot',
      notes: '',
      idempotencyKey: key('book'),
    },
  }),
  example('capturePayment', {
    input: { orderId: 'order.id of BookAppointment', amount: 0, method: 'TEST', idempotencyKey: key('pay') },
  }),
  example('redeemReward', { input: { rewardId: 'an id of Rewards', idempotencyKey: key('redeem') } }),
  example('bookingChanged'),
  example('operationLogs'),
]

function example(name: string, variables?: object) {
  const query = documents[`./${name}.graphql`]
  if (!query) throw new Error(`there is no example ${name}.graphql`)
  return { query: query.trim(), variables: variables ? JSON.stringify(variables, null, 2) : null }
}
