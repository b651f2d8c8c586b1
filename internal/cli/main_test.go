package cli_test

import (
	"testing"

	"github.com/dmswait/dmswait/test/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }
