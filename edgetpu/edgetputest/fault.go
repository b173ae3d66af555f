package edgetputest

import "time"

// Reaction is what the library does to a call that runs into the loss of its device.
type Reaction uint32

const (
	// Fail returns an error from Invoke.
	Fail Reaction = 0
	// Abort ends the process, as Google's library does when a USB device goes, even an
	// idle one. Use it where the library runs in a process of its own.
	Abort Reaction = 1
	// Hang is what Google's library does now and then (in 5 of 30 unpluggings) when a
	// USB device goes during an inference: its own thread cannot wait for the next
	// event, and ends instead of ending the process, and Invoke never returns. Nor does
	// what else wants the device, until the simulation is closed. An idle device ends
	// the process as with [Abort].
	Hang Reaction = 2
)

type faultKind uint32

const noFault faultKind = 0

// Fault is something that goes wrong with a device. The zero Fault is none.
type Fault struct {
	kind         faultKind
	after, times int
	wait         time.Duration
}

// The faults. Those of opening are met by a process that opens the device, and not by
// one that has it open; the library reports them all by a NULL delegate and no text.
var (
	// NoFault ends a fault.
	NoFault = Fault{}
	// CreateFails: the library gives no delegate, at once.
	CreateFails = Fault{kind: 1}
	// CreateBlocks: the device does not answer; the library gives up after 32 seconds
	// (see [TimeScale]) or the time given by [Fault.For].
	CreateBlocks = Fault{kind: 2}
	// Busy: another program has the device, one that takes no lock of ours. The
	// library gives up after 2 seconds (see [TimeScale], [Fault.For]).
	Busy = Fault{kind: 3}
	// InvokeFails: an inference returns an error.
	InvokeFails = Fault{kind: 4}
	// InvokeHangs: an inference never returns (but when the simulation is closed, or
	// the device is unplugged). As with Google's library, whatever else wants the
	// device then waits too: another inference on it, and giving a delegate back.
	InvokeHangs = Fault{kind: 5}
	// InvokeAborts: the process ends during an inference, by SIGABRT on a thread of
	// the library's.
	InvokeAborts = Fault{kind: 6}
	// InvokeCorrupts: an inference returns wrong results and no error. No such device
	// is known; it is for tests of what looks for one.
	InvokeCorrupts = Fault{kind: 7}
	// Unplugs: the device is pulled during an inference, with the reaction given by
	// [Device.OnLoss].
	Unplugs = Fault{kind: 8}
	// UnplugHangs: the device is pulled during an inference, which never returns, and
	// the process does not end. [Hang] tells more; this fault needs no OnLoss. The
	// inference has gone on for the time given by [Fault.For] then, by default none.
	UnplugHangs = Fault{kind: 10}
	// IdleAborts: the process that has the device open ends while nothing runs.
	IdleAborts = Fault{kind: 9}
)

// After lets n occasions pass: openings, inferences, or for [IdleAborts]
// milliseconds.
func (f Fault) After(n int) Fault { f.after = n; return f }

// Times has the fault end by itself after n occurrences.
func (f Fault) Times(n int) Fault { f.times = n; return f }

// For sets how long [CreateBlocks] and [Busy] take, instead of Google's time, and how
// long an inference takes before [InvokeFails], [InvokeAborts] or [UnplugHangs], which is
// no time otherwise. (Google's library waits 6 seconds before it aborts.)
func (f Fault) For(d time.Duration) Fault { f.wait = d; return f }
