// Package bench times several ways of doing the same work against each other, on
// machines that have other work to do.
//
// # Rounds
//
// [Measure] lets the contenders take turns, many times over, and starts each round
// with another one. A disturbance then meets all of them alike, and what remains of
// it is seen in the spread: the ratio of two contenders is formed in each round, and
// [Ratios] gives the median and the quartiles of these. Besides the time that passed,
// Measure takes the time that the thread was running.
//
//	series, err := bench.Measure(40, 5, ours, theirs)
//	if err != nil {
//		return err
//	}
//	fmt.Println(bench.Ratios(series[1].Wall, series[0].Wall)) // 4.31 (4.12 to 4.55)
//
// # What is compared
//
// The folders beside this file use it: versus measures against go-tflite and against
// the bare C API, opened the library that opens libtensorflowlite_c against the one that
// is linked with it, interop lets the delegates of the two libraries change places, and
// compare_litert.py compares results with those of ai-edge-litert. What needs
// go-tflite has the build tag gotflite, because go-tflite wants TensorFlow's headers:
// run.sh says where they are.
package bench
