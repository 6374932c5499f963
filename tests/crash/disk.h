/// A disk as it may be after the power went: what was synced is there, of the rest any part.
///
/// Operations are applied in order. What a sync has not confirmed is pending, and an image chooses from it:
///  - a file's content, sector by sector (512 bytes, never torn inside): the durable version or any later one;
///  - its length: the durable one or any later one;
///  - a folder's entries: each change is there or not; a rename is one change.
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_NAME = 64, DISK_OBJECTS = 64 };

typedef enum disk_kind {
  DISK_WRITE,   ///< data into a file
  DISK_LENGTH,  ///< a file's length is set
  DISK_SYNC,    ///< a file or a folder is on the disk
  DISK_LINK,    ///< an entry is made
  DISK_UNLINK,  ///< an entry is removed
  DISK_RENAME   ///< an entry gets another name
} disk_kind;

typedef struct disk_op {
  disk_kind kind;
  unsigned object;       ///< file or folder; for LINK and RENAME what the entry stands for
  unsigned folder;       ///< LINK, UNLINK, RENAME: the folder changed
  unsigned target;       ///< RENAME: the folder it comes into
  bool durable;          ///< WRITE: through a descriptor that syncs each write
  uint64_t offset;       ///< WRITE
  uint64_t len;          ///< WRITE: bytes; LENGTH: the new length
  unsigned char* data;   ///< WRITE
  char name[DISK_NAME];  ///< LINK, UNLINK, RENAME
  char to[DISK_NAME];    ///< RENAME
  uint64_t acked;        ///< commits acknowledged before the operation began
} disk_op;

typedef struct disk disk;

/// A disk with one empty durable folder, object 0.
disk* disk_new(void);
void disk_free(disk* d);
unsigned disk_object(disk* d, bool folder);
/// A file that is durable from the beginning, in the root folder.
unsigned disk_begin(disk* d, const char* name, const unsigned char* data, size_t len);
void disk_apply(disk* d, const disk_op* op);
/// Everything is on the disk.
void disk_settle(disk* d);
unsigned disk_pending(const disk* d);  ///< changes of which an image chooses

typedef enum disk_choice { DISK_NONE, DISK_ALL, DISK_DROP, DISK_ONLY, DISK_RANDOM } disk_choice;

/// Make the choice: DROP and ONLY of change number `which`, RANDOM from that seed. Returns a hash of the image.
uint64_t disk_choose(disk* d, disk_choice choice, uint64_t which);
/// Write the image chosen last into an existing empty folder. `skip` (may be NULL) tells names left out.
bool disk_write(const disk* d, const char* path, bool (*skip)(const char* name));

#endif
