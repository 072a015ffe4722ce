// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace instance kmodctl-PID, which does not interfere with other tracing. It is
 * removed when kmodctl exits, unless by SIGKILL.
 */
#include <dirent.h>
#include <errno.h>
#include <event-parse.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "watch.h"

#define SYSTEM		"kmod"

#define TEXT_OF(x)	QUOTED(x)
#define QUOTED(x)	#x

static const char prefix[] = "kmodctl-";

static struct tracefs_instance *instance;
static struct tep_handle *formats;

struct tep_handle *trace_formats(void)
{
	return formats;
}

struct tracefs_instance *trace_instance(void)
{
	return instance;
}

/* Also runs at exit. All files of the instance must be closed. */
void trace_stop(void)
{
	if (!instance)
		return;
	tracefs_event_disable(instance, SYSTEM, NULL);
	if (tracefs_instance_destroy(instance))
		complain("cannot remove the trace instance %s: %s",
			 tracefs_instance_get_name(instance), strerror(errno));
	tracefs_instance_free(instance);
	instance = NULL;
	tep_free(formats);
}

/* Finds tracefs. Unlike the library, this must not mount it. */
static char *find_tracefs(void)
{
	char *dir = find_mount("tracefs"), *debugfs;

	if (dir)
		return dir;
	debugfs = find_mount("debugfs");
	if (debugfs) {
		/* A lookup in this directory mounts tracefs. */
		dir = text("%s/tracing/events", debugfs);
		access(dir, F_OK);
		free(dir);
		free(debugfs);
	}
	return find_mount("tracefs");
}

/* Reports the error. Returns false. */
static bool explain(const char *file, int error)
{
	if (error == EACCES || (error == EPERM && geteuid()))
		complain("%s: %s (are you root? CAP_DAC_OVERRIDE is needed)", file,
			 strerror(error));
	else if (error == EPERM)
		complain("%s: %s (is the kernel locked down?)", file, strerror(error));
	else
		complain("%s: %s", file, strerror(error));
	return false;
}

/* Checks that the kernel has the events. */
static bool check_events(const char *dir)
{
	char *events = text("%s/events", dir), *ours = text("%s/" SYSTEM "/enable", events);
	bool found = !access(ours, R_OK);

	if (!found && errno == ENOENT && !access(events, X_OK))
		complain("%s: no such tracepoints in this kernel", ours);
	else if (!found)
		explain(ours, errno);
	free(ours);
	free(events);
	return found;
}

/*
 * Removes the instance of a killed kmodctl. The kernel does not remove an instance in use. Without
 * the id of a process, the instance is not one of kmodctl.
 */
static void remove_stale(int dir, const char *name)
{
	char *process = text("/proc/%s", name + strlen(prefix));
	u64 pid;

	if (parse_unsigned(name + strlen(prefix), &pid) && access(process, F_OK))
		unlinkat(dir, name, AT_REMOVEDIR);
	free(process);
}

static void remove_all_stale(const char *tracefs)
{
	char *path = text("%s/instances", tracefs);
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			remove_stale(dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
	free(path);
}

static bool set(const char *file, const char *value)
{
	if (tracefs_instance_file_write(instance, file, value) >= 0)
		return true;
	return explain(file, errno);
}

/* Uses the clock of the journal, and wakes the reader for each event. */
static bool configure(void)
{
	if (!set("buffer_size_kb", TEXT_OF(TRACE_BUFFER_KB)) || !set("trace_clock", "boot") ||
	    !set("buffer_percent", "0"))
		return false;
	if (tracefs_event_enable(instance, SYSTEM, NULL))
		return explain("cannot enable the events", errno);
	return true;
}

static bool load_formats(const char *tracefs)
{
	static const char *const systems[] = { SYSTEM, NULL };

	formats = tracefs_local_events_system(tracefs, systems);
	return formats || explain("cannot read the formats of the events", errno);
}

static bool create_instance(const char *tracefs)
{
	char *name = text("%s%d", prefix, (int)getpid());

	tracefs_set_tracing_dir((char *)tracefs);
	instance = tracefs_instance_create(name);
	if (!instance)
		explain("cannot create a trace instance", errno);
	else
		atexit(trace_stop);
	free(name);
	return instance;
}

/* Reports the error if it fails. */
bool trace_start(void)
{
	char *tracefs = find_tracefs();
	bool started;

	if (!tracefs) {
		complain("tracefs is not mounted; try: mount -t tracefs none /sys/kernel/tracing");
		return false;
	}
	started = check_events(tracefs) && load_formats(tracefs);
	if (started) {
		remove_all_stale(tracefs);
		started = create_instance(tracefs) && configure();
	}
	free(tracefs);
	return started;
}
