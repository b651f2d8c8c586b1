package report

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

func TestATaskIDThatIsASecretIsHidden(t *testing.T) {
	t.Parallel()
	const secret = "fakeSecretKeyForTestsOnly012345678901234"
	r := ofTask(client.Task{ID: secret, Status: client.Success}, nil)
	r.TaskID, r.Hider = secret, NewHider([]string{secret})
	assert.NotContains(t, fmt.Sprint(r.Outputs())+r.JSON()+r.Summary(nil, nil), secret)
	assert.Equal(t, "The task ended with SUCCESS.", r.Message())
}
