// Package sourcetest has a host for tests. It has three users, three groups and a
// few directories, whatever machine the tests run on.
//
// It starts nothing, and the host that it returns may be changed by the test.
//
// Only tests import it.
package sourcetest
