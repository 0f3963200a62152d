//go:build !linux

package history

import "os"

func birthOf(*os.File) int64 { return 0 }
