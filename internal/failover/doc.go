// Package failover decides which device runs the next inference of a session, and what
// becomes of one that is lost. An [Executor] gets every Invoke of a session's interpreters
// ([Call]): the inputs stay where they are until an answer is there, so a failed inference
// can be repeated anywhere. [Router] sends calls to accelerators and to the CPU; [Sandbox]
// has worker processes run a CPU model that is not trusted.
//
// # The states of a slot
//
// A [Router] has one slot for each accelerator that its session is to use.
//
//	        opened, and the first inference was good
//	┌──────┐ ───────────────────────────────────────► ┌────┐   acquire    ┌──────┐
//	│ down │                                           │ up │ ───────────► │ busy │
//	└──────┘ ◄─────────────────────────────────────── └────┘ ◄─────────── └──────┘
//	   ▲      the engine is gone (a pulled cable)           a good answer     │ │
//	   │                                                                      │ │
//	   │      failed, or hung and its process could be killed                 │ │
//	   └──────────────────────────────────────────────────────────────────────┘ │
//	┌─────────┐   hung in this process, or closed with the session              │
//	│ retired │ ◄────────────────────────────────────────────────────────────────┘
//	└─────────┘
//
// A busy slot whose caller has gone is orphaned: it stays busy until its inference ends or
// counts as hanging, and no call waits for it if the CPU or another slot can run the next
// inference. A slot is also retired, when it is opened, if its tensors have other sizes than
// the session's: sizes of a compiled model are fixed, and trying again changes nothing.
//
// # The state of a model
//
// An LSTM's state is in one engine or on the CPU, and cannot be copied out. All inferences
// between two resets are one sequence, which runs where it began (type sequence):
//
//	not begun ──first inference──► placed ──engine gone, call cancelled──► lost
//	    ▲                            │                                       │
//	    └────────ResetState──────────┴──────the next call gets ErrStateLost──┘
//
// A sequence that is lost before its first inference has succeeded has not begun.
//
// # Locks and goroutines
//
// Router.mu guards slots and sequence and is held for bookkeeping only: no engine, probe
// or callback is called under it. The notifier's own lock is taken last. Goroutines:
//
//   - the caller's runs Route, and waits;
//   - one for each inference calls the engine, which may never return;
//   - one for each engine that can end by itself waits for that;
//   - one, the reviver, looks for devices while a slot is down;
//   - one, the notifier, calls the session's callback, in order, while there is news.
package failover
