"""The interface's words in Simplified Chinese. What workers and errors say is in `chinese_errors`."""

WORDS: dict[str, str] = {
    # presets
    "Matting Presets": "抠像预设",
    "Add Matting Preset": "添加抠像预设",
    "Keep these settings under a name, or delete the preset that is shown": (
        "将这些设置以某个名称保存，或删除所显示的预设"
    ),
    # movies
    "Also Write a Movie": "同时写出视频",
    "Once the frames stand, another Blender in the background writes a movie of each strip's result into the result's "
    "folder: what the strip shows, at the scene's frame rate, with the strip's own sound": (
        "帧完成后，后台的另一个 Blender 会将每个片段的结果写成视频，存入结果文件夹：内容与片段所示一致，"
        "使用场景帧率，并带有片段自己的声音"
    ),
    "The format of the movie; what is transparent stays so": "视频的格式；透明部分保持透明",
    "The format of the movie": "视频的格式",
    "H.264 (MP4)": "H.264（MP4）",
    "Small files that play everywhere; nothing in them is transparent": "文件小，处处可播放；其中没有任何透明",
    "FFV1 (Matroska)": "FFV1（Matroska）",
    "Lossless, with transparency; for archives and for Blender": "无损，带透明；用于存档和 Blender",
    "QuickTime Animation": "QuickTime 动画",
    "Lossless, with transparency; large files that most editing programs read": (
        "无损，带透明；文件大，多数剪辑软件可读取"
    ),
    "With transparency, nearly without loss; what most editing programs like best": (
        "带透明，几乎无损；多数剪辑软件的首选"
    ),
    "VP9 (WebM)": "VP9（WebM）",
    "Small files with transparency, for web pages": "文件小，带透明，用于网页",
    "Open Movie Folder": "打开视频文件夹",
    "Show the folder of the movie in the file manager": "在文件管理器中显示视频所在的文件夹",
    "Movie: {done} of {frames}": "视频：{done} / {frames}",
    "Movie: {name}": "视频：{name}",
    "without sound": "无声音",
    "without the last column": "缺最后一列像素",
    "without the first row": "缺第一行像素",
    "without the last column and the first row": "缺最后一列和第一行像素",
    "then the movie": "然后写视频",
    "and the movie": "另加视频",
    "{frames}, matted before": "{frames}，之前已抠像",
    "The frames are there already: only movies are written": "这些帧已经存在：只写出视频",
    # results, changed afterwards
    "Matted Strip": "抠像片段",
    "Update Result": "更新结果",
    "Matting Results": "抠像结果",
    "Make the selected matted strips again with the settings as they are now. Only new frames need the model": (
        "用当前设置重新生成所选的抠像片段，只有新的帧才需要模型"
    ),
    "Use These Settings": "使用这些设置",
    "Set result, quality, edges and format to those that the active matted strip was made with": (
        "将结果、质量、边缘和格式设为活动抠像片段生成时所用的设置"
    ),
    "Select a matted strip": "请选择一个抠像片段",
    "“{strip}” is being matted already": "“{strip}”正在抠像",
    "“{strip}” is matted already; select its result and press Update Result": (
        "“{strip}”已经抠像；请选中其结果并按“更新结果”"
    ),
    "“{strip}” is a matted strip already; select its source": "“{strip}”已是抠像片段；请选择其源片段",
    "Make a matted strip the active one": "请将一个抠像片段设为活动片段",
    "{kind} of “{strip}”": "“{strip}”的{kind}",
    "Keep for Changes (GB)": "为修改而保留 (GB)",
    "Gigabytes in each folder of results for what the model said of each frame: with it, edges, colours, "
    "kind and format of a result can be changed without the model. The oldest gives way; 0 keeps nothing": (
        "每个结果文件夹中用于保存模型对每帧判断的空间（GB）：有了它，无需模型即可更改结果的边缘、颜色、类型和格式。"
        "最旧的会先被删除；0 表示不保留"
    ),
    "Kept Now": "当前保留",
    "Look": "查看",
    "Look how much is kept for changes, wherever results went": ("查看所有结果文件夹中为修改而保留的数据量"),
    "The test runs already": "测试正在运行",
    "Clear": "清除",
    "Delete what is kept for changes, wherever results went. Frames stay; to change them then needs the model again": (
        "删除所有结果文件夹中为修改而保留的数据。帧会保留；之后的修改需要再次使用模型"
    ),
    "Clearing": "正在清除",
    "Looking": "正在查看",
    "Not looked at yet": "尚未查看",
    "Nothing": "无",
    # buttons
    "Matte Selected Strips": "抠像所选片段",
    "Cut the people out of the selected strips, and put the results on new strips above them": (
        "从所选片段中抠出人物，并将结果放到上方的新片段中"
    ),
    "Cancel Matting": "取消抠像",
    "Stop this job. The frames made so far stay in its folder, unless the preferences say otherwise": (
        "停止此任务。除非偏好设置另有规定，已完成的帧会保留在其文件夹中"
    ),
    "Dismiss Job": "移除任务",
    "Take this ended job off the list. Its frames stay": "将此已结束的任务从列表中移除，其帧会保留",
    "Continue": "继续",
    "Go on with this job from the frames that it has, with its settings. Its result goes where it would have gone": (
        "使用原来的设置从已有的帧继续此任务，结果仍放到原定的位置"
    ),
    "Open Result Folder": "打开结果文件夹",
    "Show the folder of the matted frames in the file manager": "在文件管理器中显示抠像帧所在的文件夹",
    "Open Log": "打开日志",
    "Open what the job's process wrote down while it ran; the developers want to see it with a report": (
        "打开工作进程运行时写下的日志；报告问题时请一并提供给开发者"
    ),
    "Select Result": "选择结果",
    "Select the strip that shows the frames of this job, and nothing else": "仅选择显示此任务各帧的片段",
    "Cancel All": "全部取消",
    "Stop the job that runs, and drop those that wait. The frames made so far stay, unless the preferences differ": (
        "停止正在运行的任务，并放弃等待中的任务。除非偏好设置另有规定，已完成的帧会保留"
    ),
    "Clear Finished": "清除已结束的任务",
    "Take every job off the list that is done, failed or cancelled. Their frames stay": (
        "将所有已完成、失败或取消的任务从列表中移除，其帧会保留"
    ),
    "Test This Machine": "测试本机",
    "Matte two tiny pictures the way a strip is matted, and say what works on this machine and what does not": (
        "用与片段相同的方式抠像两张小图，并说明本机上哪些可用、哪些不可用"
    ),
    "Preview This Frame": "预览此帧",
    "Matte only the frame of the active strip under the playhead, and show it. It takes a second or two": (
        "仅对活动片段在播放头处的一帧进行抠像并显示，需要一两秒"
    ),
    "Show Large": "放大显示",
    "The preview is gone; make it again ({reason})": "预览已不存在；请重新生成（{reason}）",
    "The sequencer shows no scene; choose one in its header": "序列编辑器未显示任何场景；请在其标题栏中选择一个",
    "Show the preview large, in an image editor: the one on the screen, or one in a new window": (
        "在图像编辑器中放大显示预览：使用屏幕上已有的，或在新窗口中打开"
    ),
    # panels
    "Matting": "抠像",
    "Jobs": "任务",
    "Preview": "预览",
    "Edges": "边缘",
    "Format": "格式",
    "Output": "输出",
    "Frames": "帧",
    "Folder": "文件夹",
    # results and looks
    "Result": "结果",
    "What the new strip holds": "新片段包含的内容",
    "Cut-out": "透明抠像",
    "Transparent where the background was; the strips below show through": "原背景处透明，可看到下方的片段",
    "Over Colour": "纯色背景",
    "The person over a plain colour, with nothing transparent": "人物置于纯色之上，没有任何透明",
    "Over Blur": "模糊背景",
    "The person over the blurred original, as if the background were out of focus": (
        "人物置于模糊的原画面之上，如同背景失焦"
    ),
    "Over Picture or Movie": "图片或视频背景",
    "The person over another file, with nothing transparent": "人物置于另一个文件之上，没有任何透明",
    "Matte": "蒙版",
    "The matte alone: white where the person is, black where nothing of it is": "仅蒙版：有人物处为白色，没有处为黑色",
    "Mask on the Original": "原片段的遮罩",
    "The source strip stays in its place and gets the matte as a mask; its sound, trims and pixels are untouched": (
        "源片段留在原处，并以蒙版作为遮罩；其声音、剪辑和像素均不改变"
    ),
    "8 bits for each channel, lossless; fast, and read everywhere": "每通道 8 位，无损；速度快，处处可读",
    "PNG, 16 Bit": "PNG，16 位",
    "A finer matte than 8 bits can hold, lossless; twice the space and more": (
        "比 8 位更精细的蒙版，无损；占用空间至少两倍"
    ),
    "Half floats in linear light, premultiplied: for compositing": "线性光半精度浮点，预乘：用于合成",
    "8 bits, lossless; the smallest files, and by far the slowest to write": "8 位，无损；文件最小，但写入速度最慢",
    "Small files that lose a little; only where nothing is transparent": "文件小，略有损失；仅用于不含透明的结果",
    "Fill": "填满",
    "As large as it takes to leave nothing bare; what sticks out is cut off": "放大到不留空白，超出部分被裁掉",
    "Fit": "适应",
    "Seen whole, between black bars where its shape is another": "完整显示，形状不同时留黑边",
    "Mixed": "混合",
    "The source's own pixels where nothing shines through, so that faces stay as they are; at soft edges, the "
    "model's, or what Despill leaves of the source's": (
        "完全不透明处使用源像素，使面部保持原样；柔和边缘处使用去溢色后的源颜色或模型的颜色"
    ),
    "Model": "模型",
    "The model's guess of the person's own colours everywhere, without the background's": (
        "处处使用模型推测的人物颜色，不含背景颜色"
    ),
    "Source": "源",
    "The source's pixels everywhere; soft edges keep a rim of the old background": (
        "处处使用源像素；柔和边缘会留下一圈旧背景"
    ),
    "Background": "背景",
    "The colour behind the person": "人物背后的颜色",
    "Blur": "模糊",
    "How far the background is blurred, in pixels of the source": "背景的模糊程度，以源像素计",
    "Backdrop": "背景文件",
    "The picture or movie behind the person; a movie plays along and begins anew when it ends": (
        "人物背后的图片或视频；视频会同步播放，结束后从头开始"
    ),
    "How a backdrop of another shape is made to fit": "形状不同的背景文件如何适配",
    "The file format of the frames": "帧的文件格式",
    "Colour": "颜色",
    "Whose colours the person has; sets Despill to what is usual with them": (
        "人物使用谁的颜色；同时把去溢色设为与之相配的值"
    ),
    "Black Point": "黑场",
    "What the model is less sure of than this becomes transparent: removes haze and remnants": (
        "低于此确信度的部分变为透明：去除雾状和残留"
    ),
    "White Point": "白场",
    "What the model is surer of than this becomes opaque: closes holes": "高于此确信度的部分变为不透明：填补孔洞",
    "Grow": "扩展",
    "Moves the edge outwards by this many pixels; below nought it chokes the matte inwards": (
        "将边缘向外移动这么多像素；负值则向内收缩蒙版"
    ),
    "Feather": "羽化",
    "Softens the edge, by about this many pixels to each side": "柔化边缘，每侧约这么多像素",
    "Despill": "去溢色",
    "Takes the old background's own colour, as it is nearby, out of soft edges; so they keep no rim": (
        "从柔和边缘中去除附近旧背景的颜色，使其不留旧背景的色边"
    ),
    # settings
    "Quality": "质量",
    "How closely the model looks at each frame": "模型查看每一帧的精细程度",
    "Draft": "草稿",
    "Look at half the usual detail: about twice as fast, rougher edges": "只看通常一半的细节：约快一倍，边缘较粗糙",
    "Standard": "标准",
    "What suits head and shoulders: the longest side is looked at in 512 pixels": (
        "适合头肩画面：以最长边 512 像素查看"
    ),
    "Fine": "精细",
    "Twice the usual detail, for people who are small in the picture: about three times slower": (
        "通常两倍的细节，适合画面中较小的人物：约慢三倍"
    ),
    "Custom": "自定义",
    "Choose the downsample ratio yourself": "自行选择降采样比例",
    "Downsample Ratio": "降采样比例",
    "The size at which the model looks at a frame, as a part of the frame's own": "模型查看帧时的尺寸与帧本身尺寸之比",
    "Output Folder": "输出文件夹",
    "Where the frames are written, each strip's in a folder of its own; if empty, where the preferences say: "
    "in “matte” beside the .blend unless you chose a folder there": (
        "帧写入的位置，每个片段各有自己的文件夹；留空则按偏好设置：若未在其中选择文件夹，则位于 .blend 旁的“matte”中"
    ),
    "Keep Source Visible": "保持源可见",
    "Leave the source strip as it is; otherwise it is muted when its matted strip appears": (
        "让源片段保持原样；否则抠像片段出现时源片段会被静音隐藏"
    ),
    "Handles": "余量帧",
    "Frames matted on each side beyond what the strip shows, so that the result can be trimmed outward": (
        "在片段显示范围之外两侧额外抠像的帧数，以便结果可以向外修剪"
    ),
    "Ignore Source Alpha": "忽略源 Alpha",
    "Matte pictures as if they were opaque; otherwise what is transparent in them stays so": (
        "将图片视为不透明来抠像；否则其中透明的部分保持透明"
    ),
    # preview
    "Live": "实时",
    "Show the newest frame of the job that runs, about once a second": "显示正在运行的任务的最新一帧，约每秒一次",
    "Show Over": "衬底",
    "What the person is shown over": "人物显示在什么之上",
    "Checkerboard": "棋盘格",
    "The person over a checkerboard": "人物置于棋盘格之上",
    "The person over a colour that shows what is wrong with the edges": "人物置于能显出边缘问题的颜色之上",
    "The matte alone: white where the person is": "仅蒙版：有人物处为白色",
    "The colour that the person is shown over": "人物背后显示的颜色",
    "Compare": "对比",
    "What is shown of source and result": "显示源和结果中的哪些",
    "Both": "两者",
    "Source and result, one beside the other": "源与结果并列显示",
    "Wipe": "划像",
    "The source left of a line, the result right of it": "线左侧为源，右侧为结果",
    "The result alone": "仅结果",
    "Where the line between source and result is": "源与结果之间分界线的位置",
    "Select a strip that lies under the playhead": "请选择位于播放头处的片段",
    # preferences
    "Device": "设备",
    "What the network runs on. Where it is missing, the processor is used, and the job says so": (
        "网络在什么上运行。若不存在，则使用处理器，并在任务中说明"
    ),
    "Processor (CPU)": "处理器 (CPU)",
    "Runs everywhere": "随处可运行",
    "NVIDIA (CUDA)": "NVIDIA (CUDA)",
    "With a build of ONNX Runtime for CUDA": "需要支持 CUDA 的 ONNX Runtime",
    "DirectML": "DirectML",
    "Graphics cards on Windows, with a build of ONNX Runtime for DirectML": (
        "Windows 上的显卡，需要支持 DirectML 的 ONNX Runtime"
    ),
    "Apple (Core ML)": "Apple (Core ML)",
    "Graphics and neural engine of a Mac": "Mac 的图形处理器和神经引擎",
    "Intel (OpenVINO)": "Intel (OpenVINO)",
    "With a build of ONNX Runtime for OpenVINO": "需要支持 OpenVINO 的 ONNX Runtime",
    "AMD (MIGraphX)": "AMD (MIGraphX)",
    "With a build of ONNX Runtime for MIGraphX": "需要支持 MIGraphX 的 ONNX Runtime",
    "Plugin": "插件",
    "An execution provider that you have as a file": "你拥有的执行提供程序文件",
    "The library (.so, .dll or .dylib) of an execution provider for ONNX Runtime, such as that of the package "
    "onnxruntime-ep-webgpu": (
        "ONNX Runtime 执行提供程序的库文件（.so、.dll 或 .dylib），例如 onnxruntime-ep-webgpu 包中的文件"
    ),
    "Works too: {device}, {seconds} s": "同样可用：{device}，{seconds} 秒",
    "Does not work: {device}. {reason}": "不可用：{device}。{reason}",
    "Results": "结果",
    "Where frames go unless the project says otherwise": "除非项目另有规定，帧写入的位置",
    "Beside the Project": "项目旁",
    "In a folder called “matte” beside the .blend file": "在 .blend 文件旁名为“matte”的文件夹中",
    "In One Folder": "同一文件夹",
    "In a folder of your choice, for every project": "所有项目都使用你选择的文件夹",
    "The folder for the results of every project": "存放所有项目结果的文件夹",
    "Delete Frames of Cancelled Jobs": "删除已取消任务的帧",
    "Delete what a cancelled job has made so far; otherwise it stays in its folder": (
        "删除被取消的任务已生成的内容；否则保留在其文件夹中"
    ),
    "The network that mattes the frames": "用于抠像的网络",
    "Own File": "自选文件",
    "A model file of your own": "你自己的模型文件",
    "Model File": "模型文件",
    "A Robust Video Matting model as ONNX, in 32 or 16 bits, such as one that you trained yourself": (
        "32 位或 16 位权重的 ONNX 格式 Robust Video Matting 模型，例如你自己训练的模型"
    ),
    "Threads": "线程数",
    "How many processor threads the network may use; 0 uses every core. Fewer leave more of the machine to Blender": (
        "网络可使用的处理器线程数；0 表示使用所有核心。线程越少，留给 Blender 的资源越多"
    ),
    # states and numbers
    "Queued": "排队中",
    "Running": "运行中",
    "Cancelling": "正在取消",
    "Done": "完成",
    "Failed": "失败",
    "Cancelled": "已取消",
    "Interrupted": "已中断",
    "Opening": "正在打开",
    "Rendering": "正在渲染",
    "{seconds} s": "{seconds} 秒",
    "{minutes} min {seconds} s": "{minutes} 分 {seconds} 秒",
    "{hours} h {minutes} min": "{hours} 小时 {minutes} 分",
    "about {seconds} s": "约 {seconds} 秒",
    "about {minutes} min": "约 {minutes} 分钟",
    "about {hours} h": "约 {hours} 小时",
    "{number} GB": "{number} GB",
    "{number} MB": "{number} MB",
    "1 frame": "1 帧",
    "{count} frames": "{count} 帧",
    "1 strip": "1 个片段",
    "{count} strips": "{count} 个片段",
    "Nothing had to be matted: the frames are there already": "无需抠像：这些帧已经存在",
    "Matting: 1 job": "正在抠像：1 个任务",
    "Matting: {count} jobs": "正在抠像：{count} 个任务",
    "Rendering {done} of {frames}": "正在渲染 {done} / {frames}",
    "{done} of {frames}": "{done} / {frames}",
    "{number} of {jobs}": "{number} / {jobs}",
    "{rate} per second": "每秒 {rate}",
    "{time} left": "剩余 {time}",
    "{frames} in {time}": "{frames}，用时 {time}",
    "{frames}, matted before: nothing had to be done": "{frames}，之前已抠像：无需处理",
    "Cancelled, {done} of {frames}": "已取消，{done} / {frames}",
    "Interrupted, {done} of {frames}": "已中断，{done} / {frames}",
    "The project is not saved yet: frames go to “{folder}”": "项目尚未保存：帧写入“{folder}”",
    # what is in the way, and what was found
    "This workspace has no sequencer scene; choose one in the sequencer's header": (
        "此工作区没有序列编辑器场景；请在序列编辑器标题栏中选择一个"
    ),
    "This scene is linked from “{path}”; open that project to matte its strips": (
        "此场景链接自“{path}”；请打开该项目来为其片段抠像"
    ),
    "Select the strips to matte": "请选择要抠像的片段",
    "Sound has nothing to matte; select strips with pictures": "声音无需抠像；请选择有画面的片段",
    "What is selected is matted already; select its source": "所选内容已是抠像结果；请选择其源片段",
    "{names} is missing; install the extension again for this version of Blender": (
        "缺少 {names}；请为此版本的 Blender 重新安装扩展"
    ),
    "The model file “{path}” was not found": "未找到模型文件“{path}”",
    "“{path}” is not there": "“{path}”不存在",
    "That job is no longer in the list": "该任务已不在列表中",
    "No strip shows these frames any more; they are in “{folder}”": "已没有片段显示这些帧；它们位于“{folder}”",
    "The result is in another scene: {scenes}": "结果在另一个场景中：{scenes}",
    "The result is in the meta strip “{strip}”": "结果在元片段“{strip}”中",
    "The result is outside the meta strip that is open": "结果在已打开的元片段之外",
    "The result of “{source}” lies above “{strip}”, which lay above its source: move that to a higher channel": (
        "“{source}”的结果位于“{strip}”之上，而后者原在其源片段之上：请将后者移到更高的通道"
    ),
    "The result of “{source}” lies above {count} strips, such as “{strip}”, which lay above its source: "
    "move these to higher channels": (
        "“{source}”的结果位于 {count} 个片段之上，例如“{strip}”，而它们原在其源片段之上：请将它们移到更高的通道"
    ),
    "“{strip}” shows frames that were matted for “{source}”, but lies elsewhere and has no result: "
    "select it and press Matte Selected Strips": (
        "“{strip}”显示了为“{source}”抠像的帧，但位于别处且没有结果：请选中它并按下“抠像所选片段”"
    ),
    "“{strip}” shows more or other frames than when it was matted: select its result and press Update Result": (
        "“{strip}”显示的帧比抠像时更多或与之不同：请选择其结果并按下“更新结果”"
    ),
    "Be the step by which results that have arrived are undone, and the last operation": (
        "作为撤销已到达结果的步骤，也是最后一次操作"
    ),
    "“{effect}” goes on showing “{strip}” with its background; matte the effect instead": (
        "“{effect}”仍会显示“{strip}”及其背景；请改为对该特效抠像"
    ),
    "“{effect}” goes on showing “{strip}” with its background until “{other}” is matted, too": (
        "在“{other}”也抠像之前，“{effect}”仍会显示“{strip}”及其背景"
    ),
    "“{effect}” has no free channel above its results; put it there": (
        "“{effect}”的结果上方没有空闲通道；请自行将其放在那里"
    ),
    "A strip of it was pressed again: that one's result comes from the later job": (
        "其中一个片段又被按下了按钮：它的结果来自后面的任务"
    ),
    "Its frames could not be deleted: {reason}": "无法删除其帧：{reason}",
    "The pictures came out without transparency": "生成的图片没有透明度",
    "Python: {path}": "Python：{path}",
    "Libraries: {versions}": "程序库：{versions}",
    "Model: {path}": "模型：{path}",
    "Runs on {provider}; on offer: {all}": "运行于 {provider}；可用：{all}",
    "Two small pictures were matted in {seconds} s": "两张小图抠像用时 {seconds} 秒",
}
