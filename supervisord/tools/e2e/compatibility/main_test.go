package compatibility

import (
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }
