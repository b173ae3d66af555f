package tflite

import (
	"log/slog"
	"sync/atomic"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/capi"
)

// resources is everything of an interpreter that lives outside Go's heap. It is
// one ownership root, freed as a whole and in order: Go runs cleanups in no order
// at all, so parts with cleanups of their own would be freed under one another.
type resources struct {
	model       *modelData
	reporter    capi.Reporter
	inspector   capi.Inspector
	backend     Backend // what the inspector saw when it was made: it may see it again after a Resize
	layout      int     // of XNNPACK's options
	xnnpack     capi.Delegate
	delegates   []delegate.Delegate // kept from the garbage collector
	borrowed    []delegate.Borrower
	names       []string // of all delegates, in order of application
	customOps   []unsafe.Pointer
	runners     []capi.Runner
	interpreter capi.Interpreter

	logger *slog.Logger
	// exposed is set once Data has handed out a view that no lock guards.
	exposed atomic.Bool
}

// free releases what was acquired, also of a half-built interpreter.
func (r *resources) free() {
	for _, runner := range r.runners {
		capi.RunnerDelete(runner)
	}
	if r.interpreter != nil {
		capi.InterpreterDelete(r.interpreter)
	}
	for _, b := range r.borrowed {
		b.Return()
	}
	if r.xnnpack != nil {
		capi.XNNPACKDelete(r.xnnpack)
	}
	if r.inspector != nil {
		capi.InspectorFree(r.inspector)
	}
	for _, block := range r.customOps {
		capi.Free(block)
	}
	if r.reporter != nil {
		capi.ReporterFree(r.reporter)
	}
	r.model.release()
}

// freeUnclosed is the leak net for interpreters that were dropped without Close.
// A view of Data may still be in use then, and cannot be known to be, so such an
// interpreter is reported and kept.
func (r *resources) freeUnclosed() {
	if r.exposed.Load() {
		r.logger.Warn("interpreter was dropped without Close after Data had exposed its memory; the memory is not freed")
		return
	}
	r.free()
}
