import { graphql } from 'react-relay';

// A list that grows page by page, in a fragment that Relay can fetch again by
// the id of the customer: @connection asks for the form of connections, and
// @refetchable for `node(id:)`.
export const bookings = graphql`
  fragment CustomerBookings_customer on Customer
  @refetchable(queryName: "CustomerBookingsPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "Cursor" }) {
    number
    bookings(first: $count, after: $cursor, orderBy: { field: STARTS_AT, direction: DESC })
      @connection(key: "CustomerBookings_bookings") {
      edges {
        node {
          id
          startsAt
          status
          total {
            formatted
          }
          ...CustomerBookingsRow_booking
        }
      }
    }
  }
`;

export const row = graphql`
  fragment CustomerBookingsRow_booking on Booking @refetchable(queryName: "CustomerBookingsRowQuery") {
    number
    status
    version
  }
`;

export const query = graphql`
  query CustomerBookingsQuery($id: ID!) {
    node(id: $id) {
      ...CustomerBookings_customer @alias(as: "customer")
    }
  }
`;

export const viewer = graphql`
  query CustomerBookingsViewerQuery($first: Int!, $after: Cursor) {
    viewer {
      user {
        username
      }
    }
    bookings(first: $first, after: $after) @connection(key: "CustomerBookingsViewer_bookings") {
      edges {
        node {
          ...CustomerBookingsRow_booking
        }
      }
    }
  }
`;

export const cancel = graphql`
  mutation CustomerBookingsCancelMutation($input: CancelBookingInput!) {
    cancelBooking(input: $input) {
      booking {
        ...CustomerBookingsRow_booking
      }
    }
  }
`;
