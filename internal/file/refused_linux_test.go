package file

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusal is a system call that a file system refuses. With a flag, only calls with that flag are refused.
type refusal struct {
	number uintptr
	flag   uint32 // in the third argument
	err    syscall.Errno
}

// whereRefused runs f on a thread whose system calls the kernel refuses, as some mounts do, and returns when it has
// ended.
func whereRefused(t *testing.T, refusals []refusal, f func()) {
	t.Helper()
	const (
		loadWord = syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS
		equal    = syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K
		hasBit   = syscall.BPF_JMP | syscall.BPF_JSET | syscall.BPF_K
		end      = syscall.BPF_RET | syscall.BPF_K
		fail     = 0x00050000 // SECCOMP_RET_ERRNO
		allow    = 0x7fff0000 // SECCOMP_RET_ALLOW
		thirdArg = 16 + 2*8   // in struct seccomp_data
	)
	var filter []syscall.SockFilter
	for _, r := range refusals {
		if r.flag == 0 {
			filter = append(filter, syscall.SockFilter{Code: loadWord},
				syscall.SockFilter{Code: equal, Jf: 1, K: uint32(r.number)})
		} else {
			filter = append(filter, syscall.SockFilter{Code: loadWord},
				syscall.SockFilter{Code: equal, Jf: 3, K: uint32(r.number)},
				syscall.SockFilter{Code: loadWord, K: thirdArg}, syscall.SockFilter{Code: hasBit, Jf: 1, K: r.flag})
		}
		filter = append(filter, syscall.SockFilter{Code: end, K: fail | uint32(r.err)})
	}
	filter = append(filter, syscall.SockFilter{Code: end, K: allow})
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	var err syscall.Errno
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		const setNoNewPrivileges, setSeccomp, modeFilter = 38, 22, 2
		if _, _, err = syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivileges, 1, 0, 0, 0, 0); err == 0 {
			_, _, err = syscall.RawSyscall(syscall.SYS_PRCTL, setSeccomp, modeFilter, uintptr(unsafe.Pointer(&program)))
		}
		if err == 0 {
			f()
		}
	}()
	<-done
	if err != 0 {
		t.Skipf("this system has no seccomp filters: %v", err)
	}
}

var (
	noChmod  = []refusal{{number: syscall.SYS_FCHMOD, err: syscall.EPERM}}
	noChown  = []refusal{{number: syscall.SYS_FCHOWN, err: syscall.EPERM}, {number: syscall.SYS_FCHOWNAT, err: syscall.EPERM}}
	noRename = []refusal{
		{number: syscall.SYS_RENAMEAT, err: syscall.ENOSYS}, {number: renameat2, err: syscall.ENOSYS},
	}
	noCreate = []refusal{{number: syscall.SYS_OPENAT, flag: syscall.O_CREAT, err: syscall.EACCES}}
)

// renameat2 has no name in package syscall.
var renameat2 = map[string]uintptr{"amd64": 316, "arm64": 276}[runtime.GOARCH]

func TestExistingFileIsWrittenInPlaceWhereTheFileSystemRefusesToReplaceIt(t *testing.T) {
	t.Parallel()
	for name, refusals := range map[string][]refusal{
		"chmod": noChmod, "rename": noRename, "opening with O_CREATE": noCreate,
		"all": append(append(append([]refusal{}, noChmod...), noChown...), noRename...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "out")
			require.NoError(t, os.WriteFile(path, []byte("longer than before"), 0o600))
			require.NoError(t, os.Chmod(path, 0o640))
			before, err := os.Stat(path)
			require.NoError(t, err)
			whereRefused(t, refusals, func() {
				assert.NoError(t, Check(path))
				assert.NoError(t, Write(path, []byte("new")))
			})
			assertFolder(t, filepath.Dir(path), map[string]string{"out": "new"})
			after, err := os.Stat(path)
			require.NoError(t, err)
			assert.True(t, os.SameFile(before, after))
			assert.Equal(t, fs.FileMode(0o640), after.Mode())
		})
	}
}

func TestNewFileIsCreatedWhereTheFileSystemRefusesChmodChownAndRename(t *testing.T) {
	t.Parallel()
	for name, refusals := range map[string][]refusal{"chmod": noChmod, "chown": noChown, "rename": noRename} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "new", "out")
			whereRefused(t, refusals, func() {
				assert.NoError(t, Check(path))
				assert.NoError(t, Write(path, []byte("new")))
			})
			assertFolder(t, filepath.Dir(path), map[string]string{"out": "new"})
		})
	}
}

func TestReplacedFileIsNotTouchedByAChmodThatIsNotNeeded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	before, err := os.Stat(path)
	require.NoError(t, err)
	whereRefused(t, append(append([]refusal{}, noChmod...), noChown...), func() {
		assert.NoError(t, Write(path, []byte("new")))
	})
	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, after), "it was replaced")
}
