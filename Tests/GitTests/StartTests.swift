import Glibc
import Testing

@testable import Git

@Suite("libgit2")
struct StartTests {
  @Test("reads no certificates when it starts, where it is built with mbedTLS")
  func certificates() throws {
    try Library.start()
    guard let found = dlsym(nil, "mbedtls_x509_crt_parse_file") else { return }
    var place = Dl_info()
    #expect(dladdr(found, &place) != 0)
    let file = String(cString: try #require(place.dli_fname))
    #expect(!file.contains("mbed"), "the one of '\(file)' is called, and not our own")
  }
}
