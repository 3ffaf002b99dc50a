// Package access owns who is asking and what they may do: the viewer in the
// context, the registry of permissions, and the decision. The decision is a
// pure function. The package never reads a database and never knows an entity;
// which rows a scope means is guard's business.
package access
