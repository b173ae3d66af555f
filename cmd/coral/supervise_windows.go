package main

import "os"

// inherited: Windows passes on no descriptors by number, so that there are no children.
func inherited(int) bool { return false }

func brokenPipe(*os.ProcessState) (int, bool) { return 0, false }

func crashSignal(*os.ProcessState, string) string { return "" }
