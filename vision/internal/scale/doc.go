// Package scale brings the channels of a picture to another size, row by row, into memory
// that is used again for the next picture: nothing of the picture's size is made, and
// nothing is allocated for a picture like the one before.
//
// It knows samples only: bytes that lie in memory at regular distances. What they mean, red
// or Cb, is its caller's affair, who gives a [Picture] to [Scaler.Begin] and takes the rows
// of the result from [Scaler.Row].
//
// Three engines do the work, because the kinds of filters want different things:
//
//   - rowsFirst scales along the rows, rounds, and then scales along the columns, in
//     integers exactly as Pillow does. Lanczos is done so, and pictures whose rows have to
//     be converted one by one.
//   - columnsFirst adds up rows, eight bytes at a time, and then scales two rows at once:
//     for Area and Bilinear, which have no negative weights and look at every pixel.
//   - points looks only at the four samples around each point of the result, for Linear.
package scale
