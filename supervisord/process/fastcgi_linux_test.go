package process

import (
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit"
)

// The kernel tells the length of a listening socket's queue where it tells
// other sockets how much was acknowledged out of order.
func TestSocketBacklog(t *testing.T) {
	t.Parallel()
	conf := anyPort()
	conf.Backlog = 17
	s := NewSocket(conf, new(testkit.Log).Logger())
	f := acquire(t, s)
	defer s.Release()
	info, err := unix.GetsockoptTCPInfo(int(f.Fd()), unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		t.Fatal(err)
	}
	if info.Sacked != 17 {
		t.Errorf("backlog %d", info.Sacked)
	}
}
