module github.com/gocoral/coral/cmd/coral

go 1.26.0

require (
	github.com/gocoral/coral v0.0.0
	github.com/sbinet/npyio v0.6.0
	github.com/schollz/progressbar/v3 v3.19.1
	github.com/spf13/cobra v1.10.2
	github.com/stretchr/testify v1.12.1
)

replace github.com/gocoral/coral => ../..
