// Package errno names the errors of the kernel. It has no goroutines.
package errno
