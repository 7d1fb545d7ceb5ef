import Glibc
import System
import Testing

@testable import Git

@Suite("libgit2")
struct StartTests {
  @Test("reads no certificates when it starts, where it is built with mbedTLS")
  func certificates() throws {
    try Library.start()
    guard let found = dlsym(nil, "mbedtls_x509_crt_parse_file") else { return }
    let address = UInt(bitPattern: found)
    let maps = String(decoding: try Files.readFile("/proc/self/maps") ?? [], as: UTF8.self)
    let line = try #require(
      maps.split(separator: "\n").first { line in
        let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
        return ends.count == 2 && ends[0] <= address && address < ends[1]
      })
    #expect(!line.contains("mbed"), "the one of the library is called, and not ours: \(line)")
  }
}
