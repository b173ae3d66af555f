package main

import "github.com/spf13/cobra"

func (a *app) classifyCommand() *cobra.Command { return &cobra.Command{Use: "classify"} }
