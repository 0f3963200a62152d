package rpc

import (
	"context"
)

// groupMethods read the configuration, and add and remove groups.
func groupMethods() []method {
	return []method{
		{name: "reloadConfig", result: "array", resultHelp: "one array: the names of the groups that are new, different, gone",
			help: "Reads the configuration again and tells how the groups in use differ from it. Nothing is started or stopped.",
			call: reloadConfig},
		{name: "getUpdatePlan", unlisted: true, result: "array", resultHelp: "a struct for each group that would change",
			help: "Reads the configuration and tells what an update to it would do, option by option. Nothing is done, and what reloadConfig has read stays.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				plan, err := d.Groups.Plan()
				for i := range plan {
					plan[i].Options, plan[i].Processes = nonNil(plan[i].Options), nonNil(plan[i].Processes)
					for j := range plan[i].Processes {
						plan[i].Processes[j].Options = nonNil(plan[i].Processes[j].Options)
					}
				}
				return nonNil(plan), err
			}},
		{name: "addProcessGroup", params: []param{groupName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Puts a configured group to use.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Groups.AddGroup(ctx, a.text(0)))
			}},
		{name: "removeProcessGroup", params: []param{groupName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Takes a stopped group out of use.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Groups.RemoveGroup(ctx, a.text(0)))
			}},
	}
}

func reloadConfig(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
	c, err := d.Groups.Reload(ctx)
	return [][][]string{{nonNil(c.Added), nonNil(c.Changed), nonNil(c.Removed)}}, err
}
