package notify

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// dirMode lets everybody pass through the directory, as the sockets belong to
// several users, and nobody look around or add files.
const dirMode = 0o711

// directory is the directory of the sockets, held open. Who owns the directory above
// can put another one, or a link, in its place at any time: what is done to the
// sockets is done by way of the descriptor, never by a path.
type directory struct{ *os.File }

func (d directory) fd() int { return int(d.Fd()) }

// makeDir returns the directory, which it makes if there is none.
func makeDir(path string) (directory, error) {
	if err := os.Mkdir(path, dirMode); err != nil && !errors.Is(err, os.ErrExist) {
		return directory{}, fmt.Errorf("make the directory of the notify sockets: %w", err)
	}
	d, err := openDir(path)
	if err != nil {
		return directory{}, err
	}
	if err := d.setMode(); err != nil {
		d.Close()
		return directory{}, fmt.Errorf("the directory of the notify sockets, %s: %w", path, err)
	}
	return d, nil
}

// openDir opens a directory that nobody else can put anything into.
func openDir(path string) (directory, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return directory{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	d := directory{os.NewFile(uintptr(fd), path)}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		d.Close()
		return directory{}, fmt.Errorf("the directory of the notify sockets, %s, belongs to somebody else or can be written to by others", path)
	}
	return d, nil
}

// setMode gives a new directory the bits that the umask has taken. One with
// something in it has its mode already, or is another one of this user that somebody
// has moved here to have it opened for all.
func (d directory) setMode() error {
	info, err := d.Stat()
	if err != nil || info.Mode().Perm() == dirMode {
		return err
	}
	names, err := d.Readdirnames(1)
	switch {
	case len(names) > 0:
		return fmt.Errorf("its mode is %#o, not %#o, and it is not empty", info.Mode().Perm(), dirMode)
	case err != nil && !errors.Is(err, io.EOF):
		return err
	}
	return d.Chmod(dirMode)
}

// bind makes a socket under another name first, so that there is one of that name
// all the time and nobody else's file is in the way.
func (d directory) bind(name string, uid int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return -1, os.NewSyscallError("setsockopt", err)
	}
	temp := name[:len(name)-1] + "~"
	if err := unix.Unlinkat(d.fd(), temp, 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return -1, os.NewSyscallError("unlinkat", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: d.path(temp)}); err != nil {
		return -1, os.NewSyscallError("bind", err)
	}
	err = d.setOwner(temp, uid)
	if err == nil {
		err = os.NewSyscallError("renameat", unix.Renameat(d.fd(), temp, d.fd(), name))
	}
	if err != nil {
		_ = unix.Unlinkat(d.fd(), temp, 0)
	}
	return fd, err
}

// path is how bind(2), which knows no descriptors of directories, gets there.
func (d directory) path(name string) string {
	own := "/proc/self/fd/" + strconv.Itoa(d.fd())
	if _, err := os.Stat(own); err != nil { // there is no /proc; dress notices what went elsewhere
		own = d.Name()
	}
	return filepath.Join(own, name)
}

// setOwner gives a socket its owner and mode. No link can be in its place: nobody else
// can write to the directory.
func (d directory) setOwner(name string, uid int) error {
	var st unix.Stat_t
	err := unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		err = unix.ENOTSOCK
	}
	if err == nil {
		err = unix.Fchmodat(d.fd(), name, 0o600, 0)
	}
	if err == nil && int(st.Uid) != uid {
		err = unix.Fchownat(d.fd(), name, uid, -1, unix.AT_SYMLINK_NOFOLLOW)
	}
	return err
}

// chownSocket makes a user the owner of a socket that is there. It fails if there is none.
func chownSocket(path string, uid int) error {
	d, err := openDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.setOwner(filepath.Base(path), uid)
}

// removeSocket removes a socket, if it still is in a directory of ours.
func removeSocket(path string) {
	d, err := openDir(filepath.Dir(path))
	if err != nil {
		return
	}
	defer d.Close()
	_ = unix.Unlinkat(d.fd(), filepath.Base(path), 0)
}
