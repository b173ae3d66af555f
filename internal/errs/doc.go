// Package errs holds the sentinel errors of the whole module in one place.
//
// Each public package re-exports the ones it can return, as the same value, so
// errors.Is(err, tflite.ErrBusy) and errors.Is(err, coral.ErrBusy) agree however
// many layers an error has travelled through.
package errs
