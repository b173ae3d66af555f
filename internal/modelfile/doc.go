// Package modelfile reads files that are to be models, before anything is known of them:
// it says what a file is in place of one, and reads no more than a model can have.
package modelfile
