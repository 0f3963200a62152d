// Program linewriter runs package linewriter. It is small enough to run a thousand times.
package main
