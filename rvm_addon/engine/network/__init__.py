"""The matting network on ONNX Runtime, and the mattes that come out of it."""
