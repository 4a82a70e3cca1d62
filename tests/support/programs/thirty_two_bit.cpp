// SPDX-License-Identifier: Apache-2.0
// A program of the other word size, without any library: prints its own word size. Built with -m32 -nostdlib.
namespace {

int call(int number, int first, const void* second, int third) {
    int result = number;
    asm volatile("int $0x80" : "+a"(result) : "b"(first), "c"(second), "d"(third) : "memory");
    return result;
}

}  // namespace

extern "C" [[noreturn]] void _start() {
    static const char text[] = "32 bits\n";
    call(4, 1, text, sizeof text - 1);
    call(1, sizeof(void*) == 4 ? 0 : 1, nullptr, 0);
    __builtin_unreachable();
}
