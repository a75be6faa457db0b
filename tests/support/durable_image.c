/* What of a folder would survive a power cut, kept beside it while a program runs.

   Preloaded into a process, it copies a file below DURABLE_FROM to the same place below
   DURABLE_TO whenever the program syncs it, and follows renames, links and removals with
   what had been synced until then. Bytes that were never synced are not in the image.

   Read with pread on the program's own descriptor where that can be read: opening the file
   a second time and closing it would release the POSIX locks that SQLite holds on it. A copy replaces the
   image's file in one rename, so that a kill in the middle leaves what was durable. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int in_image(const char *path, char *image) {
    const char *from = getenv("DURABLE_FROM"), *to = getenv("DURABLE_TO");
    size_t length = from ? strlen(from) : 0;
    if (!from || !to || strncmp(path, from, length) || path[length] != '/') return 0;
    return snprintf(image, PATH_MAX, "%s%s", to, path + length) < PATH_MAX;
}

static int absolute(int folder, const char *path, char *whole) {
    char link[64], base[PATH_MAX];
    ssize_t length;
    if (path[0] == '/') return snprintf(whole, PATH_MAX, "%s", path) < PATH_MAX;
    if (folder == AT_FDCWD) return getcwd(base, sizeof base) && snprintf(whole, PATH_MAX, "%s/%s", base, path) < PATH_MAX;
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    if ((length = readlink(link, base, sizeof base - 1)) < 0) return 0;
    base[length] = 0;
    return snprintf(whole, PATH_MAX, "%s/%s", base, path) < PATH_MAX;
}

static void make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
}

static void synced(int file) {
    char link[64], path[PATH_MAX], image[PATH_MAX], copy[PATH_MAX + 16], piece[1 << 16];
    struct stat status;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) goto done;
    path[length] = 0;
    if (fstat(file, &status) || !S_ISREG(status.st_mode) || !in_image(path, image)) goto done;
    make_folders(image);
    snprintf(copy, sizeof copy, "%s.%d", image, file);
    int out = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) goto done;
    int in = (fcntl(file, F_GETFL) & O_ACCMODE) == O_WRONLY ? open(path, O_RDONLY) : file;
    off_t at = 0;
    while ((length = pread(in, piece, sizeof piece, at)) > 0 && write(out, piece, length) == length) at += length;
    if (in != file) close(in);
    close(out);
    REAL(rename)(copy, image);
done:
    errno = before;
}

static void moved(const char *from, const char *to, int stays) {
    char old[PATH_MAX], new[PATH_MAX];
    int before = errno;
    if (in_image(from, old) && in_image(to, new)) {
        make_folders(new);
        if (stays ? REAL(link)(old, new) : REAL(rename)(old, new)) {
            /* The name is durable, its content never was: an empty file, as disks do it. */
            struct stat status;
            if (!stat(to, &status) && S_ISREG(status.st_mode)) {
                int empty = open(new, O_WRONLY | O_CREAT | O_TRUNC, 0600);
                if (empty >= 0) close(empty);
            }
        }
    }
    errno = before;
}

static void removed(const char *path, int is_folder) {
    char image[PATH_MAX];
    int before = errno;
    if (in_image(path, image)) is_folder ? REAL(rmdir)(image) : REAL(unlink)(image);
    errno = before;
}

int fsync(int file) {
    int result = REAL(fsync)(file);
    if (!result) synced(file);
    return result;
}

int fdatasync(int file) {
    int result = REAL(fdatasync)(file);
    if (!result) synced(file);
    return result;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    int known = absolute(from_folder, from, old) && absolute(to_folder, to, new);
    int result = REAL(renameat)(from_folder, from, to_folder, to);
    if (!result && known) moved(old, new, 0);
    return result;
}

int rename(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    int known = absolute(AT_FDCWD, from, old) && absolute(AT_FDCWD, to, new);
    int result = REAL(rename)(from, to);
    if (!result && known) moved(old, new, 0);
    return result;
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    char old[PATH_MAX], new[PATH_MAX];
    int known = absolute(from_folder, from, old) && absolute(to_folder, to, new);
    int result = REAL(linkat)(from_folder, from, to_folder, to, flags);
    if (!result && known) moved(old, new, 1);
    return result;
}

int link(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    int known = absolute(AT_FDCWD, from, old) && absolute(AT_FDCWD, to, new);
    int result = REAL(link)(from, to);
    if (!result && known) moved(old, new, 1);
    return result;
}

int unlinkat(int folder, const char *path, int flags) {
    char whole[PATH_MAX];
    int known = absolute(folder, path, whole);
    int result = REAL(unlinkat)(folder, path, flags);
    if (!result && known) removed(whole, flags & AT_REMOVEDIR);
    return result;
}

int unlink(const char *path) {
    char whole[PATH_MAX];
    int known = absolute(AT_FDCWD, path, whole);
    int result = REAL(unlink)(path);
    if (!result && known) removed(whole, 0);
    return result;
}

int rmdir(const char *path) {
    char whole[PATH_MAX];
    int known = absolute(AT_FDCWD, path, whole);
    int result = REAL(rmdir)(path);
    if (!result && known) removed(whole, 1);
    return result;
}
