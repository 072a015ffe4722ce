// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's policy: files in the directory autoload of securityfs, and a sysctl.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#include "policy.h"

#define DEFAULT_SECURITYFS	"/sys/kernel/security"
#define DEFAULT_SYSCTL		"/proc/sys"

#define BOOT_ENFORCE		"kmod.enforce"
#define SPACES			" \t\n"

/* No other file is longer: the learned requests are read line by line. */
#define MAX_SETTING		MAX_RULES

static const char *const files[] = {
	[SET_HELPERS]		= "helpers",
	[SET_HELPERS_MODE]	= "helpers_mode",
	[SET_RULES]		= "policy",
	[SET_ENFORCE]		= "enforce",
	[SET_LOCK]		= "lock",
	[SET_LEARNED]		= "learned",
};

/* Returns NULL if securityfs is not mounted. The caller must free the path. */
static char *find_securityfs(const struct options *options)
{
	if (options->securityfs)
		return text_copy(options->securityfs);
	return find_mount("securityfs");
}

/* The caller must free the path. */
char *setting_path(const struct options *options, enum setting setting)
{
	char *securityfs, *path;

	if (setting == SET_MODE)
		return text("%s/kernel/modules_autoload_mode",
			    options->sysctl ? options->sysctl : DEFAULT_SYSCTL);
	securityfs = find_securityfs(options);
	path = text("%s/autoload/%s", securityfs ? securityfs : DEFAULT_SECURITYFS, files[setting]);
	free(securityfs);
	return path;
}

static bool is_locked(const struct options *options)
{
	char *path = setting_path(options, SET_LOCK);
	struct bytes bytes;
	bool locked = !read_whole(path, MAX_SETTING, &bytes) && *bytes.data == '1';

	free(path);
	bytes_free(&bytes);
	return locked;
}

static void explain_missing(const struct options *options, const char *path)
{
	char *securityfs = find_securityfs(options);

	if (!securityfs)
		complain("securityfs is not mounted; try: mount -t securityfs none %s",
			 DEFAULT_SECURITYFS);
	else if (access(securityfs, F_OK))
		complain("%s: %s", securityfs, strerror(errno));
	else
		complain("%s: no policy in this kernel (CONFIG_SECURITY_AUTOLOAD and lsm=)", path);
	free(securityfs);
}

/* Returns the first line of the file, or NULL if it cannot be read. The caller must free it. */
char *sysctl_read(const struct options *options, const char *name)
{
	char *file = text("%s/%s", options->sysctl ? options->sysctl : DEFAULT_SYSCTL, name);
	char *value = NULL;
	struct bytes bytes;

	if (!read_whole(file, MAX_SETTING, &bytes)) {
		bytes.data[strcspn(bytes.data, "\n")] = '\0';
		value = text_copy(bytes.data);
		bytes_free(&bytes);
	}
	free(file);
	return value;
}

/* Returns kernel.modprobe, or NULL if it is empty or cannot be read. The caller must free it. */
char *modprobe_path(const struct options *options)
{
	char *path = sysctl_read(options, "kernel/modprobe");

	if (path && *path)
		return path;
	free(path);
	return NULL;
}

/* Returns the next word without its quotation marks, which protect blanks, or NULL at the end. */
static char *next_parameter(char **line)
{
	char *from = *line + strspn(*line, SPACES), *word = from, *to = from;
	bool quoted = false;

	if (!*from)
		return NULL;
	for (; *from && (quoted || !strchr(SPACES, *from)); from++)
		if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	*line = from + !!*from;
	*to = '\0';
	return word;
}

/* Like kstrtobool() in the kernel. An invalid word leaves the value as it was. */
static void take_bool(const char *word, bool *value)
{
	if (!*word)
		return;
	if (strchr("1yYtTeE", *word) || !strncasecmp(word, "on", 2))
		*value = true;
	else if (strchr("0nNfFdD", *word) || !strncasecmp(word, "of", 2))
		*value = false;
}

/* Finds the value of kmod.enforce on the kernel command line, as the kernel does. */
bool boot_disables_policy(void)
{
	size_t length = strlen(BOOT_ENFORCE);
	bool enforce = true;
	struct bytes line;
	char *rest, *word;

	if (read_whole("/proc/cmdline", MAX_SETTING, &line))
		return false;
	rest = line.data;
	while ((word = next_parameter(&rest)) && strcmp(word, "--"))
		if (!strncmp(word, BOOT_ENFORCE "=", length + 1))
			take_bool(word + length + 1, &enforce);
		else if (!strcmp(word, BOOT_ENFORCE))
			enforce = true;
	bytes_free(&line);
	return !enforce;
}

/* Reports why the file cannot be read or written. */
void setting_explain(const struct options *options, const char *path, int error)
{
	if (error == EPERM && is_locked(options))
		complain("%s: %s (the policy is locked until the next boot)", path,
			 strerror(error));
	else if (error == EPERM)
		complain("%s: %s (CAP_SYS_MODULE in the initial user namespace is needed)", path,
			 strerror(error));
	else if (error == EACCES)
		complain("%s: %s (are you root? CAP_DAC_OVERRIDE is needed)", path,
			 strerror(error));
	else if (error == EINVAL)
		complain("%s: the kernel rejected the new value; see dmesg for the reason", path);
	else if (error == ENOENT || error == ENOTDIR)
		explain_missing(options, path);
	else
		complain("%s: %s", path, strerror(error));
}

/* Reports errors. The caller must free the bytes. */
bool setting_read(const struct options *options, enum setting setting, struct bytes *bytes)
{
	char *path = setting_path(options, setting);
	int error = read_whole(path, MAX_SETTING, bytes);

	if (error)
		setting_explain(options, path, error);
	free(path);
	return !error;
}

/* True unless the kernel has no policy. */
bool policy_exists(const struct options *options)
{
	char *path = setting_path(options, SET_RULES);
	bool missing = access(path, F_OK) && errno == ENOENT;

	free(path);
	return !missing;
}

/* Reports errors. The caller must free the bytes in either case. */
bool settings_read(const struct options *options, struct bytes values[NR_SETTINGS])
{
	enum setting setting;

	for (setting = 0; setting < NR_SETTINGS; setting++)
		if (!setting_read(options, setting, &values[setting]))
			return false;
	return true;
}

/*
 * Waits for other instances of kmodctl that change the policy, until the file descriptor is closed.
 * The file must be one that other users cannot open: they could hold the lock for ever. Returns -1
 * if there is no policy in this kernel.
 */
int policy_hold(const struct options *options)
{
	char *path = setting_path(options, SET_LOCK);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	free(path);
	return fd;
}

/* Uses one write(), which the kernel accepts or rejects as a whole. Returns 0 or an errno. */
static int write_whole(const char *path, const struct bytes *bytes)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), error = 0;
	ssize_t written;

	if (fd < 0)
		return errno;
	written = write(fd, bytes->data, bytes->length);
	if (written < 0)
		error = errno;
	else if ((size_t)written != bytes->length)
		error = ENOSPC;
	close(fd);
	return error;
}

/* Reports errors. */
bool setting_write(const struct options *options, enum setting setting,
		   const struct bytes *bytes)
{
	char *path = setting_path(options, setting);
	int error = write_whole(path, bytes);

	if (error)
		setting_explain(options, path, error);
	free(path);
	return !error;
}
