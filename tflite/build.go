package tflite

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/capi"
)

const withoutXNNPACK = "XNNPACK could not prepare the model, going on with the built-in kernels"

// newResources makes a runtime's interpreter, not allocated yet, with the given layout
// of XNNPACK's options or without XNNPACK.
func newResources(op string, data *modelData, o *config, layout int) (*resources, error) {
	if err := data.computedRightly(Version(), layout != noXNNPACK || hasXNNPACK(o.delegates)); err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	return makeResources(op, data, o, layout)
}

func makeResources(op string, data *modelData, o *config, layout int) (*resources, error) {
	r := &resources{model: data.retain(), layout: layout, logger: o.logger, reporter: capi.ReporterNew()}
	if r.known() {
		r.inspector = capi.InspectorNew()
	}
	if err := r.create(op, o, layout); err != nil {
		r.free()
		return nil, err
	}
	return r, nil
}

func (r *resources) create(op string, o *config, layout int) error {
	if r.reporter == nil || r.known() && r.inspector == nil {
		return noMemory(op)
	}
	c := capi.OptionsCreate(o.threads, r.reporter)
	if c == nil {
		return noMemory(op)
	}
	defer capi.OptionsDelete(c)
	capi.OptionsEnableCancellation(c)

	if len(o.customOps) > 0 && !r.known() {
		return failf(op, "custom operators with TensorFlow Lite %s, whose structures are not known here: %w", capi.Version(), ErrUnsupported)
	}
	for _, custom := range o.customOps {
		block := capi.OptionsAddCustomOp(c, custom.Name, custom.MinVersion, custom.MaxVersion,
			custom.Init, custom.Free, custom.Prepare, custom.Invoke)
		if block == nil {
			return noMemory(op)
		}
		r.customOps = append(r.customOps, block)
	}
	if err := r.addDelegates(op, c, o, layout); err != nil {
		return err
	}
	r.interpreter = capi.InterpreterCreate(r.model.model, c)
	if r.interpreter == nil {
		return r.declined(failed(op, capi.Error, r.reporter, nil))
	}
	r.backend = newBackend(r.names, r.inspector)
	return nil
}

// known reports whether the runtime's structures are known. Without them nothing of ours can
// be among its operators and delegates.
func (r *resources) known() bool { return capi.Known(capi.Version()) }

func noMemory(op string) error {
	return failf(op, "for the runtime's own structures: %w", ErrMemory)
}

// declined blames the delegates for a failure that has no better reason.
func (r *resources) declined(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Err == nil && len(r.names) > 0 {
		e.Err = ErrDelegateDeclined
	}
	return err
}

func (r *resources) addDelegates(op string, c capi.Options, o *config, layout int) error {
	add := func(name string, d capi.Delegate) {
		capi.OptionsAddDelegate(c, d)
		if r.inspector != nil {
			capi.InspectorWatch(r.inspector, d)
		}
		r.names = append(r.names, name)
	}
	r.delegates = o.delegates
	for _, d := range o.delegates {
		if b, ok := d.(delegate.Borrower); ok {
			if err := b.Borrow(); err != nil {
				return &Error{Op: op, Err: err}
			}
			r.borrowed = append(r.borrowed, b)
		}
		p := d.Ptr()
		if p == nil {
			return failf(op, "%s is deleted: %w", delegateName(d), ErrDelegateDeclined)
		}
		add(delegateName(d), capi.Delegate(p))
	}
	if layout != noXNNPACK {
		r.xnnpack = capi.XNNPACKCreate(layout, o.threads, xnnpackQuantized)
		if r.xnnpack == nil {
			return failf(op, "XNNPACK: %w", ErrDelegateDeclined)
		}
		add(xnnpackName, r.xnnpack)
	}
	if r.inspector != nil {
		capi.OptionsAddDelegate(c, capi.InspectorDelegate(r.inspector))
	}
	return nil
}

// onlyXNNPACK reports whether XNNPACK is attached, whoever brought it, and nothing else.
func (r *resources) onlyXNNPACK() bool {
	return len(r.names) > 0 && !slices.ContainsFunc(r.names, func(name string) bool { return name != xnnpackName })
}

// xnnpackLayout is noXNNPACK where XNNPACK is not wanted, or not there.
func (o *config) xnnpackLayout(op string) (int, error) {
	switch {
	case o.xnnpack == XNNPACKOff, hasXNNPACK(o.delegates):
		return noXNNPACK, nil
	case capi.HasXNNPACK():
		return capi.XNNPACKLayout(capi.Version()), nil
	case o.xnnpack == XNNPACKOn:
		return noXNNPACK, &Error{Op: op, Err: fmt.Errorf("XNNPACK: %w", ErrUnsupported)}
	}
	return noXNNPACK, nil
}

// hasXNNPACK reports whether the caller brought an XNNPACK delegate along.
func hasXNNPACK(ds []delegate.Delegate) bool {
	return slices.ContainsFunc(ds, func(d delegate.Delegate) bool { return delegateName(d) == xnnpackName })
}
