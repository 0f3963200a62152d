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

// dirMode lets every user pass through the directory, as the sockets belong to several users,
// but not list it or add files.
const dirMode = 0o711

// directory is the open directory of the sockets. The owner of the directory above can
// replace it by another one, or by a link, at any time. So the sockets are always reached
// through the descriptor, never by a path.
type directory struct{ *os.File }

func (d directory) fd() int { return int(d.Fd()) }

// makeDir opens the directory, which it makes if there is none.
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

// openDir opens a directory to which only this user can add files.
func openDir(path string) (directory, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return directory{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	d := directory{os.NewFile(uintptr(fd), path)}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		d.Close()
		return directory{}, fmt.Errorf("the directory of the notify sockets, %s, belongs to another user or is writable by others", path)
	}
	return d, nil
}

// setMode gives a new directory the bits that the umask has cleared. A directory that is not
// empty has its mode already, or somebody has moved another one of this user here to make it
// accessible to all.
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

// bind makes a socket under a temporary name and renames it. So a socket with the name exists
// at any time, and a file with the name is no obstacle.
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

// path returns a path of a file in the directory for bind(2), which takes no descriptor of a
// directory.
func (d directory) path(name string) string {
	own := "/proc/self/fd/" + strconv.Itoa(d.fd())
	if _, err := os.Stat(own); err != nil { // /proc is not mounted; setOwner fails if the socket is elsewhere
		own = d.Name()
	}
	return filepath.Join(own, name)
}

// setOwner gives a socket its owner and mode. No link can be in its place: only this user can
// write to the directory.
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

// chownSocket makes a user the owner of an existing socket.
func chownSocket(path string, uid int) error {
	d, err := openDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.setOwner(filepath.Base(path), uid)
}

// removeSocket removes a socket, if its directory still is one of this user.
func removeSocket(path string) {
	d, err := openDir(filepath.Dir(path))
	if err != nil {
		return
	}
	defer d.Close()
	_ = unix.Unlinkat(d.fd(), filepath.Base(path), 0)
}
