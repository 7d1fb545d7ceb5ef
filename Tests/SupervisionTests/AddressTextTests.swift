import System
import Testing

/// Addresses as others may see them.
@Suite struct AddressTextTests {
  @Test(arguments: [
    ("https://me:secret@host/a", "https://host/a"), ("https://token@host:1/a", "https://host:1/a"),
    ("https://me:se@cret@host", "https://host"), ("ssh://git:secret@host/a", "ssh://git@host/a"),
    ("ssh://git@host/a", "ssh://git@host/a"), ("git+ssh://git:x@host/a", "git+ssh://git@host/a"),
    ("git@host:a", "git@host:a"), ("https://host/a@b", "https://host/a@b"), ("", ""), ("a@b.c", "a@b.c"),
    (
      "unable to fetch from 'https://me:it's@host/a': no, ask x@y",
      "unable to fetch from 'https://host/a': no, ask x@y"
    ),
    ("ftp://u:p@a and http://u:p@b?c", "ftp://a and http://b?c"), ("://@", "://"),
  ])
  func `show no password`(_ text: String, _ shown: String) {
    #expect(AddressText.withoutPasswords(text) == shown)
  }
}
