package file

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func asRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != root {
		t.Skip("requires root, to give files to other users")
	}
}

func ownerOf(t *testing.T, path string) ids {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return owner(info)
}

func TestRootKeepsOwnerAndGroupOfAFile(t *testing.T) {
	t.Parallel()
	asRoot(t)
	path := filepath.Join(t.TempDir(), "out")
	for _, owner := range []ids{{1234, 5678}, {root, 5678}, {1234, 0}} {
		require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
		require.NoError(t, os.Chown(path, owner.user, owner.group))
		before, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, Write(path, []byte("new")))
		after, err := os.Stat(path)
		require.NoError(t, err)
		assert.False(t, os.SameFile(before, after), "it was replaced")
		assert.Equal(t, owner, ownerOf(t, path))
		require.NoError(t, os.Remove(path))
	}
}

func TestWhatRootCreatesInAFolderOfAnotherUserIsThatUsers(t *testing.T) {
	t.Parallel()
	asRoot(t)
	theirs, user := t.TempDir(), ids{1234, 5678}
	require.NoError(t, os.Chown(theirs, user.user, user.group))
	in := func(name string) string { return filepath.Join(theirs, name) }
	require.NoError(t, Check(in("new/folders/out")))
	require.NoError(t, Write(in("new/folders/out"), []byte("new")))
	require.NoError(t, Write(in("out"), []byte("new")))
	require.NoError(t, writeInPlace(in("in-place"), []byte("new")))
	require.NoError(t, CheckFolder(in("results/deep/")))
	require.NoError(t, CheckAppend(in("outputs")))
	require.NoError(t, Write(theirs+"/nw/../by-dots", []byte("new")))
	for _, name := range []string{
		"new", "new/folders", "new/folders/out", "out", "in-place", "results", "results/deep", "outputs", "nw", "by-dots",
	} {
		assert.Equal(t, user, ownerOf(t, in(name)), name)
	}
}

func TestWhatRootCreatesInItsOwnFolderIsRoots(t *testing.T) {
	t.Parallel()
	asRoot(t)
	own := t.TempDir()
	require.NoError(t, os.Chown(own, root, 5678))
	require.NoError(t, Write(filepath.Join(own, "new", "out"), []byte("new")))
	assert.Equal(t, ids{}, ownerOf(t, filepath.Join(own, "new")))
	assert.Equal(t, ids{}, ownerOf(t, filepath.Join(own, "new", "out")))
}

func TestNewFilesAndFoldersTakeTheGroupOfASetgidFolder(t *testing.T) {
	t.Parallel()
	asRoot(t)
	for _, user := range []int{root, 1234} {
		folder := t.TempDir()
		require.NoError(t, os.Chown(folder, user, 5678))
		require.NoError(t, os.Chmod(folder, 0o775|os.ModeSetgid))
		require.NoError(t, Write(filepath.Join(folder, "new", "out"), []byte("new")))
		assert.Equal(t, ids{user, 5678}, ownerOf(t, filepath.Join(folder, "new")))
		assert.NotZero(t, modeOf(t, filepath.Join(folder, "new"))&os.ModeSetgid)
		assert.Equal(t, ids{user, 5678}, ownerOf(t, filepath.Join(folder, "new", "out")))
	}
}

func TestFileWhoseOwnerCannotBeKeptIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	asRoot(t)
	folder := sharedFolder(t)
	require.NoError(t, os.Chmod(folder, 0o777), "not sticky: everybody may replace the files")
	path := filepath.Join(folder, "out")
	require.NoError(t, os.WriteFile(path, []byte("longer than before"), 0o600))
	require.NoError(t, os.Chmod(path, 0o666))
	require.NoError(t, os.Chown(path, 1234, 5678))
	unprivileged(t, func() {
		assert.NoError(t, Check(path))
		assert.NoError(t, Write(path, []byte("new")))
	})
	assertFolder(t, folder, map[string]string{"out": "new"})
	assert.Equal(t, ids{1234, 5678}, ownerOf(t, path))
}

func TestPipeThatMayNotBeWrittenIsFoundWithoutOpeningIt(t *testing.T) {
	t.Parallel()
	path := newPipe(t)
	for mode, want := range map[os.FileMode][3]bool{ // for the owner, another user and root
		0o600: {true, false, true}, 0o400: {false, false, true}, 0o660: {true, true, true},
		0o622: {true, true, true}, 0o444: {false, false, true},
	} {
		require.NoError(t, os.Chmod(path, mode))
		info, err := os.Stat(path)
		require.NoError(t, err)
		got := [3]bool{mayWrite(info, owner(info).user), mayWrite(info, 4321), mayWrite(info, root)}
		if owner(info).user == root {
			want[0] = true
		}
		assert.Equal(t, want, got, "%v", mode)
	}
}
