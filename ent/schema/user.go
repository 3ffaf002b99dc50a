package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"clinicgraph/internal/ids"
)

// User is an account: who signs in, and the person behind it.
type User struct{ ent.Schema }

// Mixin of the entity.
func (User) Mixin() []ent.Mixin { return business(ids.User) }

// Fields of the entity.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("username").Annotations(Filterable(), Orderable("USERNAME")).Comment("The login name as its owner writes it."),
		field.String("username_key").Annotations(Hidden()).Comment("The login name, normalised: what must be unique."),
		field.String("email").Annotations(Filterable(), Personal()).Comment("The e-mail address as its owner writes it."),
		field.String("email_key").Annotations(Hidden(), Personal()).Comment("The e-mail address, normalised: what must be unique."),
		field.Time("email_verified_at").SchemaType(timeType()).Optional().Nillable().Comment("When the address was shown to be its owner's."),
		field.String("phone").Optional().Nillable().Annotations(Personal(), ReadField("user:read_personal")).Comment("Telephone number in E.164."),
		field.String("password_hash").Optional().Sensitive().SchemaType(textType()).Comment("PHC string; empty: cannot sign in with a password."),
		field.Bool("must_change_password").Default(false).Comment("Whether nothing but changing the password is allowed."),
		field.Time("password_changed_at").SchemaType(timeType()).Optional().Nillable().Comment("When the password was last set."),
		optionalKey("password_changed_by_id"),
		field.Bool("is_active").Default(true).Annotations(Filterable()).Comment("Whether the account may be used."),
		field.Bool("is_locked").Default(false).Annotations(Filterable()).Comment("Whether an administrator has locked the account."),
		field.String("lock_reason").Optional().Nillable().Comment("Why an administrator has locked it."),
		field.Time("locked_until").SchemaType(timeType()).Optional().Nillable().Comment("Until when failed sign-ins keep the account shut."),
		field.Int32("failed_login_attempts").Default(0).Comment("Failed sign-ins since the last success."),
		field.Time("last_failed_login_at").SchemaType(timeType()).Optional().Nillable().Comment("When a sign-in last failed."),
		field.Time("last_login_at").SchemaType(timeType()).Optional().Nillable().Comment("When somebody last signed in."),
		field.Bool("is_customer").Default(false).Annotations(Filterable()).Comment("Whether the account has a customer profile or the role customer."),
		field.Int32("token_epoch").Default(1).Annotations(Hidden()).Comment("Access tokens of an earlier epoch are refused."),
		field.Int32("permission_epoch").Default(1).Annotations(Hidden()).Comment("Goes up when the user's permissions change."),
		field.String("locale").Default("en").Comment("Language tag of BCP 47."),
		field.String("timezone").Default("UTC").Comment("IANA time zone."),
		optionalKey("first_name_id"),
		optionalKey("surname_id"),
		optionalKey("organizational_unit_id"),
		optionalKey("sex_id"),
	}
}

// Edges of the entity.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("passwords_set", User.Type).Annotations(Hidden()).Comment("The users whose password this user last set.").From("password_changed_by").Field("password_changed_by_id").Unique().Comment("Who last set the password."),
		edge.From("first_name", GivenName.Type).Ref("users").Field("first_name_id").Unique().Comment("The given name."),
		edge.From("surname", Surname.Type).Ref("users").Field("surname_id").Unique().Comment("The family name."),
		edge.From("organizational_unit", OrganizationalUnit.Type).Ref("users").Field("organizational_unit_id").Unique().Annotations(FilterableEdge()).Comment("The unit the user works in."),
		edge.From("sex", Sex.Type).Ref("users").Field("sex_id").Unique().Comment("The sex on record."),
		edge.To("roles", Role.Type).Through("user_roles", UserRole.Type).Annotations(Small()).Comment("The roles given to the user."),
		edge.To("assigned_roles", UserRole.Type).Comment("The assignments that this user made."),
		edge.To("user_permissions", UserPermission.Type).Comment("Permissions allowed or denied to the user directly."),
		edge.To("granted_permissions", UserPermission.Type).Comment("Direct permissions that this user granted."),
		edge.To("sessions", UserSession.Type).Comment("Where the account is or was signed in."),
		edge.To("refresh_tokens", RefreshToken.Type).Comment("The refresh tokens of the account's sessions."),
		edge.To("session_logs", SessionLog.Type).Comment("What happened to the account's sessions."),
		edge.To("blacklisted_tokens", BlacklistedToken.Type).Comment("Access tokens of the account that are refused before they expire."),
		edge.To("password_history", PasswordHistory.Type).Comment("When the password was set, and by whom."),
		edge.To("password_changes", PasswordHistory.Type).Comment("The passwords that this user set."),
		edge.To("authenticators", Authenticator.Type).Annotations(Small()).Comment("The second factors and passkeys of the account."),
		edge.To("api_tokens", ApiToken.Type).Annotations(Small()).Comment("The account's tokens for programs."),
		edge.To("rate_limit_logs", RateLimitLog.Type).Comment("Blocks after too many attempts on the account."),
		edge.To("impersonations", UserSession.Type).Comment("The sessions in which this user acted for somebody else."),
		edge.To("audit_logs", AuditLog.Type).Comment("Security events of the user."),
		edge.To("operation_logs", OperationLog.Type).Comment("What the user changed."),
		edge.To("customers", Customer.Type).Comment("The customer profiles of the account."),
		edge.To("appointments", Appointment.Type).Comment("The appointments that the user holds as practitioner."),
		edge.To("created_bookings", Booking.Type).Comment("The bookings that the user made."),
		edge.To("practitioner_profile", PractitionerProfile.Type).Unique().Comment("What makes the user a practitioner."),
	}
}

// Indexes of the entity.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("username_key").Unique().Annotations(entsql.IndexWhere("deleted_at IS NULL")),
		index.Fields("email_key").Unique().Annotations(entsql.IndexWhere("deleted_at IS NULL")),
		index.Fields("username", "id"),
		index.Fields("password_changed_by_id"),
		index.Fields("first_name_id"),
		index.Fields("surname_id"),
		index.Fields("organizational_unit_id"),
		index.Fields("sex_id"),
	}
}

// Annotations of the entity.
func (User) Annotations() []schema.Annotation {
	return []schema.Annotation{
		schema.Comment("An account: who signs in, and the person behind it."),
		Read("user:read"),
		List(),
	}
}
