package borrow_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/errs"
)

var native int

// own returns an owner and the number of times that it has freed its object.
func own() (*borrow.Owned, *atomic.Int32) {
	freed := new(atomic.Int32)
	return borrow.Own(unsafe.Pointer(&native), func() { freed.Add(1) }), freed
}

func TestFreedWithTheLastBorrower(t *testing.T) {
	o, freed := own()
	require.NoError(t, o.Borrow())
	require.NoError(t, o.Borrow())

	o.Delete()
	o.Delete()
	assert.NotNil(t, o.Ptr(), "two still use it")
	require.ErrorIs(t, o.Borrow(), errs.ErrClosed)
	o.Return()
	assert.Zero(t, freed.Load(), "one borrower is left")
	o.Return()
	assert.Nil(t, o.Ptr())
	o.Return()
	o.Delete()
	assert.EqualValues(t, 1, freed.Load())
}

func TestFreedAtOnceWithoutBorrowers(t *testing.T) {
	o, freed := own()
	o.Return() // nobody has borrowed it
	require.NoError(t, o.Borrow())
	o.Return()
	assert.Zero(t, freed.Load(), "not deleted yet")
	assert.Equal(t, unsafe.Pointer(&native), o.Ptr())
	o.Delete()
	assert.EqualValues(t, 1, freed.Load())
}

// Freeing may call back, and may take long: others are not locked out meanwhile.
func TestFreeingHoldsNoLock(t *testing.T) {
	var o *borrow.Owned
	seen := make(chan unsafe.Pointer, 1)
	look := func() { seen <- o.Ptr() }
	o = borrow.Own(unsafe.Pointer(&native), func() { look() })
	o.Delete()
	assert.Nil(t, <-seen)
}

func TestCollected(t *testing.T) {
	_, freed := own()
	for deadline := time.Now().Add(time.Minute); freed.Load() == 0 && time.Now().Before(deadline); {
		runtime.GC()
	}
	assert.EqualValues(t, 1, freed.Load())
}

// A borrower that has only the native pointer, as another library has, is safe.
func TestNotCollectedWhileBorrowed(t *testing.T) {
	freed := func() *atomic.Int32 {
		o, freed := own()
		assert.NoError(t, o.Borrow())
		return freed
	}()
	_, witness := own() // garbage of the same age
	for deadline := time.Now().Add(time.Minute); witness.Load() == 0 && time.Now().Before(deadline); {
		runtime.GC()
	}
	require.EqualValues(t, 1, witness.Load())
	assert.Zero(t, freed.Load())
}

func TestNil(t *testing.T) {
	var o *borrow.Owned
	assert.Nil(t, o.Ptr())
	require.ErrorIs(t, o.Borrow(), errs.ErrClosed)
	o.Return()
	o.Delete()
}

func TestManyAtOnce(t *testing.T) {
	o, freed := own()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for o.Borrow() == nil {
				o.Return()
			}
		})
	}
	o.Delete()
	group.Wait()
	assert.EqualValues(t, 1, freed.Load())
	assert.Nil(t, o.Ptr())
}
