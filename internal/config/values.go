package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Value is a setting as it may be shown: an address that can hold a password
// without it, a file of secrets by its path.
type Value struct {
	Key     string // its name in the environment
	Text    string
	Default bool // it is what it is when nobody says anything
}

// Values lists all settings, in the order of the help.
func (c Config) Values() []Value {
	var all []Value
	eachValue(reflect.ValueOf(c), func(env, usual string, value reflect.Value) {
		text := textOf(value)
		if strings.HasSuffix(env, "_URL") {
			text = withoutSecrets(text)
		}
		all = append(all, Value{Key: env, Text: text, Default: text == usual || isDuration(value, usual)})
	})
	return all
}

func eachValue(v reflect.Value, visit func(env, usual string, value reflect.Value)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if _, section := field.Tag.Lookup("embed"); section {
			eachValue(v.Field(i), visit)
			continue
		}
		visit(field.Tag.Get("env"), field.Tag.Get("default"), v.Field(i))
	}
}

// textOf writes a value as it is set: lists with commas, nothing for what is not
// set.
func textOf(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	if v.Kind() == reflect.Bool && !v.Bool() {
		return ""
	}
	return fmt.Sprint(v.Interface())
}

// isDuration says whether the value is the time that the text says, in whichever
// spelling.
func isDuration(v reflect.Value, text string) bool {
	d, ok := v.Interface().(time.Duration)
	usual, err := time.ParseDuration(text)
	return ok && err == nil && d == usual
}
