// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths of control groups. The journal has their ids, which are the inode numbers of their
 * directories.
 */
#include <dirent.h>
#include <string.h>

#include "kmodctl.h"

/* Interval between readings, for groups that were created meanwhile. */
#define READ_AGAIN_NS	NSEC_PER_SEC

struct cgroup {
	u64 id;
	char *path;		/* escaped as in the journal */
};

static struct {
	struct cgroup *array;
	size_t count;
	u64 next_reading;
} cgroups;

static void add_cgroup(u64 id, char *path)
{
	cgroups.array = grown(cgroups.array, cgroups.count, sizeof(*cgroups.array));
	cgroups.array[cgroups.count++] = (struct cgroup){ id, path };
}

/* Takes both strings. @path is the one of the group, without a slash for the root. */
static void read_cgroups(char *dir, u64 id, char *path)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	char *name;

	add_cgroup(id, *path ? text_copy(path) : text_copy("/"));
	while (stream && (entry = readdir(stream))) {
		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		name = escaped(entry->d_name, "\"\\");
		read_cgroups(text("%s/%s", dir, entry->d_name), entry->d_ino,
			     text("%s/%s", path, name));
		free(name);
	}
	if (stream)
		closedir(stream);
	free(dir);
	free(path);
}

static void forget_cgroups(void)
{
	while (cgroups.count)
		free(cgroups.array[--cgroups.count].path);
	free(cgroups.array);
	cgroups.array = NULL;
}

/* Returns NULL if no group is known by this id. */
static const char *find_path(u64 id)
{
	size_t i;

	for (i = 0; i < cgroups.count; i++)
		if (cgroups.array[i].id == id)
			return cgroups.array[i].path;
	return NULL;
}

/* Users can create groups and remove them at any rate. */
static const char *find_or_read(u64 id)
{
	const char *path = find_path(id);
	u64 now = now_boottime();
	char *root;

	if (path || now < cgroups.next_reading)
		return path;
	cgroups.next_reading = now + READ_AGAIN_NS;
	forget_cgroups();
	root = find_mount("cgroup2");
	if (root)
		read_cgroups(root, 1, text_copy(""));
	return find_path(id);
}

/*
 * Returns the escaped path of the control group, "cgroup:ID" if it is gone, or NULL if it was not
 * recorded. Denials and learned requests have the path. The caller must free it.
 */
char *cgroup_path(const struct record *record)
{
	u64 id = record_number(record, "cgroup");
	const char *path = id ? find_or_read(id) : record_text(record, "cgroup");

	if (path)
		return text_copy(path);
	return id ? text("cgroup:%llu", id) : NULL;
}
