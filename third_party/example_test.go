package thirdparty_test

import (
	"fmt"

	thirdparty "github.com/gocoral/coral/third_party"
)

func ExampleRuntimes() {
	for _, r := range thirdparty.Runtimes() {
		fmt.Println(r.Version, "from", r.Package, "by", r.Client, r.Platforms())
	}
	// Output:
	// 2.17.1 from pymicro-wakeword by pip [linux/amd64 linux/arm64 linux/arm darwin/arm64 windows/amd64]
	// 2.9.0 from tfjs-tflite-node by npm [linux/amd64 linux/arm64 darwin/arm64 windows/amd64]
	// 2.20.0 from org.bytedeco:tensorflow-lite by mvn [linux/amd64 linux/arm64]
}

func ExampleRuntime_Build() {
	r, err := thirdparty.RuntimeByVersion("2.9.0")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, ok := r.Build(thirdparty.Platform{OS: "linux", Arch: "arm64"})
	fmt.Println(ok, b.Library, "needs glibc", b.GLIBC)
	// Output: true libtensorflowlite_c.so needs glibc 2.27
}

func ExampleModels() {
	for _, c := range thirdparty.Models() {
		for _, f := range c.Files {
			if f.Kind == thirdparty.KindModel {
				fmt.Println(f.Name, f.Licence, c.Group)
			}
		}
	}
	// Output:
	// mobilenet_quant_v1_224.tflite Apache-2.0 demo
	// ssd_detect.tflite Apache-2.0 demo
	// deeplabv3_257_mv_gpu.tflite Apache-2.0 demo
	// mnist_model.tflite MIT demo
	// fizzbuzz_model.tflite MIT demo
	// fizzbuzz_model_quant_edgetpu.tflite MIT demo
	// face_detection_short_range.tflite Apache-2.0 tasks
	// face_detection_full_range.tflite Apache-2.0 tasks
	// selfie_segmentation.tflite Apache-2.0 more
	// visual_wake_words.tflite Zlib more
}

func ExampleParsePlatform() {
	p, err := thirdparty.ParsePlatform("linux/arm/v7")
	fmt.Println(p, p.Dir(), err)
	// Output: linux/arm linux_arm <nil>
}
