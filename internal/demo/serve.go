package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dmswait/dmswait/internal/simulator"
)

// serve plays the cloud by HTTPS until the context ends, for programs that are started in another way than by the demo: in a container, or by a workflow.
// Into the folder it writes ca.pem, for SSL_CERT_FILE, and at last env, with a line for each input of dmswait, so that whoever finds that file can begin.
func serve(ctx context.Context, address, folder string, play play) error {
	cloud := play.cloud()
	server, err := cloud.StartTLS(address)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if _, err := server.CAFile(folder); err != nil {
		return err
	}
	inputs := fmt.Sprintf("DMSWAIT_ENDPOINT=%s\nDMSWAIT_PROJECT_ID=%s\nDMSWAIT_INSTANCE_ID=%s\nDMSWAIT_TASK_ID=%s\nDMSWAIT_ACCESS_KEY=%s\nDMSWAIT_SECRET_KEY=%s\n",
		server.URL, simulator.DefaultProjectID, simulator.DefaultInstanceID, cloud.Tasks[0].ID, accessKey, play.secretKey)
	if err := writeWhole(filepath.Join(folder, "env"), inputs); err != nil {
		return err
	}
	fmt.Printf("The simulator plays the cloud at %s until it is stopped; %s has the inputs.\n", server.URL, filepath.Join(folder, "env"))
	<-ctx.Done()
	return nil
}

// writeWhole writes a file that nobody sees half of.
func writeWhole(path, content string) error {
	if err := os.WriteFile(path+".part", []byte(content), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
