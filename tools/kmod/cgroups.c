// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths of control groups. The journal has their ids, which are the inode numbers of their
 * directories.
 */
#include <dirent.h>
#include <string.h>

#include "kmodctl.h"

struct cgroup {
	u64 id;
	char *path;		/* escaped as in the journal */
};

/* Filled when the first path is looked up. */
static struct {
	struct cgroup *array;
	size_t count;
} cgroups;

static void add_cgroup(u64 id, char *path)
{
	cgroups.array = grown(cgroups.array, cgroups.count, sizeof(*cgroups.array));
	cgroups.array[cgroups.count++] = (struct cgroup){ id, path };
}

static char *escaped(const char *name)
{
	struct bytes bytes = { 0 };
	char hex[5];

	bytes_add(&bytes, "", 0);
	for (; *name; name++) {
		if (*name > ' ' && *name <= '~' && *name != '"' && *name != '\\') {
			bytes_add(&bytes, name, 1);
			continue;
		}
		snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)*name);
		bytes_add(&bytes, hex, 4);
	}
	return bytes.data;
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
		name = escaped(entry->d_name);
		read_cgroups(text("%s/%s", dir, entry->d_name), entry->d_ino,
			     text("%s/%s", path, name));
		free(name);
	}
	if (stream)
		closedir(stream);
	free(dir);
	free(path);
}

static const char *find_path(u64 id)
{
	char *root = cgroups.count ? NULL : find_mount("cgroup2");
	size_t i;

	if (root)
		read_cgroups(root, 1, text_copy(""));
	for (i = 0; i < cgroups.count; i++)
		if (cgroups.array[i].id == id)
			return cgroups.array[i].path;
	add_cgroup(id, text("cgroup:%llu", id));
	return cgroups.array[i].path;
}

/*
 * Returns the escaped path of the control group, "cgroup:ID" if it is gone, or NULL if it was not
 * recorded. Denials and learned requests have the path.
 */
const char *cgroup_path(const struct record *record)
{
	u64 id = record_number(record, "cgroup");

	return id ? find_path(id) : record_text(record, "cgroup");
}
