import Czlib

/// The form that servers take compressed bodies in.
public enum Gzip {
  /// The bytes as one gzip member without a name or a time, so that equal bytes give equal bytes; `nil` when
  /// zlib has no memory.
  public static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    // 15 bits of window, and 16 for gzip's head and sum.
    let size = Int32(MemoryLayout<z_stream>.size)
    let method = (Z_DEFLATED, Int32(31), Int32(8), Z_DEFAULT_STRATEGY)
    guard
      deflateInit2_(
        &stream, Z_DEFAULT_COMPRESSION, method.0, method.1, method.2, method.3, ZLIB_VERSION, size) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var result = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    var input = bytes
    let written: Int? = input.withUnsafeMutableBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
        return target.count - Int(stream.avail_out)
      }
    }
    return written.map { Array(result.prefix($0)) }
  }
}
