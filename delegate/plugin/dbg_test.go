package plugin_test
import ("testing";"fmt";"github.com/gocoral/coral/tflite";"github.com/gocoral/coral/delegate/plugin";"log/slog";"os")
func TestDbg(t *testing.T){
 d:=open(t,fake(t),plugin.WithOption("offset","100"))
 for _,x:=range []tflite.XNNPACKMode{tflite.XNNPACKOff,tflite.XNNPACKOn}{
 i,err:=tflite.NewInterpreter(model(t,"add"),tflite.WithDelegates(d),tflite.WithXNNPACK(x),tflite.WithLogger(slog.New(slog.NewTextHandler(os.Stdout,nil))))
 fmt.Println(err,i.Backend()); if i!=nil {fmt.Println(add(t.Context(),i))}
 }
}
