/* Fails the next fsync or fdatasync with EIO, once, when the file named by FAULT_TRIGGER exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int fails_now(void) {
    const char *trigger = getenv("FAULT_TRIGGER");
    return trigger && unlink(trigger) == 0;
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (fails_now()) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (fails_now()) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}
