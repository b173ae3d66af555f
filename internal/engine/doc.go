// Package engine runs one compiled form of a model in one place: on an accelerator or on
// the CPU, in this process or, by package worker, in another one. Which engine runs which
// inference, and what becomes of one that fails, is package failover's business.
package engine
