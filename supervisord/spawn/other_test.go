//go:build !linux

package spawn_test

func runParent() {}
