// Child is the program that tests supervise. Its arguments say what it does. It is small
// and starts quickly.
package main
